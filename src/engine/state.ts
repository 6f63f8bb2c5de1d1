import type { ErrorRecord } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { EventBody } from "../core/run.ts";

/**
 * What a run is between two transitions: all that the next decision needs, and nothing else.
 *
 * An *actor* is a child of the machine that somebody outside must bring to its end: a step (its job is in the queue of its kind)
 * or a timer (a delayed job). `active` is therefore the list of jobs that must exist.
 */
export interface RunState {
  /** XState's persisted snapshot. */
  readonly snapshot: Json;
  readonly active: Readonly<Record<string, ActiveActor>>;
  /** Dispatches so far: the number of the newest one. */
  readonly epoch: number;
  /** Steps that failed and whose failure the run tolerates. */
  readonly failed?: readonly string[];
  /** Timers that were not wanted any more and, once the run has ended, the timers and steps that it then had, so that whoever closes it can end their work and remove their jobs. */
  readonly left?: Readonly<Record<string, { readonly epoch: number; readonly kind: string }>>;
  /** Of an author's own machine, once its run has failed or was cancelled: where a retry begins. */
  readonly resume?: ResumePoint;
  /** Of an author's own machine. Absent: no journal is kept, because the run began before there were any. */
  readonly journal?: JournalMark;
}

/** How much of its journal a run has; kept with its state. */
export interface JournalMark {
  readonly entries: number;
  /** Characters of JSON. */
  readonly length: number;
  /** True: what came later is not in it. */
  readonly isFull?: true;
}

/** Where a run of an author's own machine stood before what ended it. */
export interface ResumePoint {
  /** The step whose failure ended it; null: it was cancelled, or the machine itself could not go on. */
  readonly step: string | null;
  /** Epoch milliseconds of that end: timers wait on for what they then still had. */
  readonly at: number;
  readonly snapshot: Json;
  readonly active: Readonly<Record<string, ActiveActor>>;
}

/** A dispatch that has not been answered. */
export interface ActiveActor {
  /** Half of its fence: a delivery that carries another epoch is refused. */
  readonly epoch: number;
  /** Step kind, or "timer". */
  readonly kind: string;
  /** Timers only. */
  readonly timer?: ActiveTimer;
  /** Of an author's own machine: what it gave the step, or what the timer's event carries. */
  readonly input?: Json;
}

/** A timer: when it is due (epoch milliseconds), and the event that it then sends. */
export interface ActiveTimer {
  readonly dueAt: number;
  readonly event: string;
  /** Of a child machine of an author's own machine: whose timer it is; it ends with it. */
  readonly from?: string;
  /** The actor that gets the event. Absent: the run's machine. */
  readonly to?: string;
}

/** The end of an actor, as it is written to the run's inbox. */
export type Delivery = {
  readonly actor: string;
  readonly epoch: number;
  /** Line of the history that belongs to it. */
  readonly event?: EventBody;
} & (
  | { readonly type: "done"; readonly output: Json }
  | { readonly type: "error"; readonly error: ErrorRecord }
  | { readonly type: "timer" }
);

/** What somebody asks of a whole run, as it is written to the run's inbox. */
export interface CancelCommand {
  readonly type: "cancel";
  readonly by: string;
  readonly reason: string | null;
}

/** An event from outside for an author's own machine, as it is written to the run's inbox. */
export interface OutsideEvent {
  readonly type: "event";
  readonly event: { readonly type: string; readonly [key: string]: Json };
}

/** What an inbox holds. */
export type InboxEntry = Delivery | CancelCommand | OutsideEvent;

/** A job that follows from a transition. Adding it twice adds it once: the job id is made of run, actor and epoch. */
export interface Dispatch {
  readonly actor: string;
  readonly epoch: number;
  readonly kind: string;
  /** Epoch milliseconds before which it must not run; 0: at once. */
  readonly dueAt: number;
}

/** A dispatch of a step that ended without an outcome. */
export interface AbandonedStep {
  readonly actor: string;
  readonly epoch: number;
}

/** How a run ended, before its output is rendered. */
export type Ending =
  /** `output`: of an author's own machine; the other workflows render theirs. */
  | { readonly status: "succeeded"; readonly output?: Json }
  /** `error`: compensations have failed. */
  | { readonly status: "cancelled"; readonly by: string; readonly reason: string | null; readonly error?: ErrorRecord }
  | { readonly status: "failed"; readonly error: ErrorRecord };

/** What a decision says; nothing of it has happened yet. */
export interface Transition {
  readonly state: RunState;
  /** Outputs of the steps that ended, by step id. */
  readonly outputs: Readonly<Record<string, Json>>;
  readonly events: readonly EventBody[];
  /** Actors that were dispatched by this transition and are still wanted at its end. */
  readonly opened: readonly Dispatch[];
  /** Actors that were active before it and are not after it. */
  readonly closed: readonly string[];
  /** Of those, the steps that had not ended: nobody wants what they still bring. */
  readonly abandoned: readonly AbandonedStep[];
  readonly ending: Ending | null;
}

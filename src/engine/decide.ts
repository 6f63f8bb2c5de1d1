import { AppError, type ErrorRecord, toErrorRecord } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { EventBody } from "../core/run.ts";
import { errorName } from "../workflow/reference.ts";
import { runEvents } from "../workflow/statechart.ts";
import { asJson, type DelayedEvent, type Driver } from "./drive.ts";
import { emitted, type Notice, noticed } from "./emitted.ts";
import { endingOf, isOver, ownError } from "./ending.ts";
import { openedSteps, type Told, toldOf, withEntry } from "./journal.ts";
import { isOfActor, machineEvent, receiver } from "./machine-event.ts";
import type { MachineAction, MachineStep } from "./machine-step.ts";
import type {
  ActiveActor,
  CancelCommand,
  Delivery,
  Dispatch,
  Ending,
  InboxEntry,
  ResumePoint,
  RunState,
  Transition,
} from "./state.ts";

/** The first transition of a run. Pure. @param now epoch milliseconds, for timers. */
export function decideStart(driver: Driver, input: JsonObject, now: number): Transition {
  const folding = new Folding(undefined, now, driver.own);
  try {
    folding.take(driver.start(input));
    return folding.result(driver);
  } catch (error) {
    return folding.broken(error);
  }
}

/**
 * The transition that all these deliveries make together. Pure: the same arguments give the same answer.
 * Deliveries whose actor is no longer wanted (cancelled by an earlier one of the same inbox) change nothing.
 */
export function decideNext(
  driver: Driver,
  state: RunState,
  deliveries: readonly InboxEntry[],
  now: number,
): Transition {
  const folding = new Folding(state, now, driver.own);
  try {
    let snapshot = driver.restore(state.snapshot);
    for (const delivery of deliveries) {
      if (driver.own) folding.remember(delivery, () => driver.persist(snapshot));
      if (delivery.type === "cancel" && !driver.compensates) return folding.cancelled(driver, delivery);
      if (isOfActor(delivery) && !folding.accept(delivery)) continue;
      if (driver.own && delivery.type !== "cancel") folding.told.push(toldOf(delivery));
      const step = driver.next(
        snapshot,
        machineEvent(delivery, state),
        driver.own ? receiver(delivery, state) : undefined,
      );
      folding.take(step);
      snapshot = step.snapshot;
      if (isOver(snapshot, driver)) break;
    }
    folding.machine ??= { snapshot, actions: [] };
    return folding.result(driver);
  } catch (error) {
    return folding.broken(error);
  }
}

/**
 * What follows where a run has come to its end and cannot succeed after all: too many steps have failed, or its output cannot be made. What it has done is undone, where
 * its steps say how. Pure. @param ended the transition that brought it there
 */
export function decideRefusal(driver: Driver, ended: Transition, error: ErrorRecord, now: number): Transition {
  if (!driver.compensates) return { ...ended, ending: { status: "failed", error } };
  const folding = new Folding(ended.state, now, driver.own);
  folding.take(driver.next(driver.restore(ended.state.snapshot), { type: runEvents.refuse, error }));
  const next = folding.result(driver);
  const { outputs, events, closed, abandoned } = ended;
  return { ...next, outputs, events: [...events, ...next.events], closed, abandoned };
}

/** Gathers what one or more macrosteps ask for. Lives for one decision. */
class Folding {
  readonly events: EventBody[] = [];
  readonly outputs: Record<string, Json> = {};
  /** What an author's own machine has taken. */
  readonly told: Told[] = [];
  machine: MachineStep | undefined;
  readonly #before: Readonly<Record<string, ActiveActor>>;
  readonly #active: Map<string, ActiveActor>;
  readonly #state: RunState | undefined;
  readonly #now: number;
  readonly #abandoned = new Set<string>();
  readonly #failed: string[];
  #resume: ResumePoint | undefined;
  /** How much it had taken then. */
  #toldBefore = 0;
  readonly #own: boolean;
  /** Timers that are not wanted any more, and steps that are not at the run's end: their jobs may be there still. */
  readonly #left: Record<string, { readonly epoch: number; readonly kind: string }>;
  #epoch: number;

  constructor(state: RunState | undefined, now: number, own: Driver["own"]) {
    this.#own = own;
    this.#state = state;
    this.#before = state?.active ?? {};
    this.#active = new Map(Object.entries(this.#before));
    this.#epoch = state?.epoch ?? 0;
    this.#failed = [...(state?.failed ?? [])];
    this.#left = { ...state?.left };
    this.#now = now;
    if (own && state) this.#resume = { step: null, at: now, snapshot: state.snapshot, active: state.active };
  }

  /** Whether the actor is still wanted; if so it is so no more, and its line of history is written. */
  accept(delivery: Delivery): boolean {
    if (this.#active.get(delivery.actor)?.epoch !== delivery.epoch) return false;
    this.#active.delete(delivery.actor);
    if (delivery.event) this.events.push(delivery.event);
    if (delivery.type !== "done") return true;
    const { actor, event, output } = delivery;
    this.outputs[actor] = output;
    if (event?.type !== "step.failed") return true;
    this.#failed.push(actor);
    this.outputs[errorName(actor)] = event.error as unknown as Json;
    return true;
  }

  /** Notes where an author's own machine stood, before what may end its run. @param persist its snapshot then */
  remember(entry: InboxEntry, persist: () => Json): void {
    const isFailure = entry.type === "error" && this.#active.get(entry.actor)?.epoch === entry.epoch;
    if (!isFailure && entry.type !== "cancel") return;
    const step = isFailure ? entry.actor : null;
    this.#resume = { step, at: this.#now, snapshot: persist(), active: Object.fromEntries(this.#active) };
    this.#toldBefore = this.told.length;
  }

  take(machine: MachineStep): void {
    this.machine = machine;
    for (const action of machine.actions) this.#act(action);
  }

  #act({ type, params }: MachineAction): void {
    switch (type) {
      case "xstate.spawnChild":
        this.#open(String(params.id), {
          kind: String(params.src),
          ...this.#given(params.input, "the input of a step"),
        });
        break;
      case "xstate.raise":
        this.#schedule(params as unknown as DelayedEvent);
        break;
      case "xstate.stopChild":
        this.#close(String(params.id));
        break;
      case "xstate.cancel":
        this.#cancelTimer(this.#newest(String(params.sendId)));
        break;
      case "xstate.emit":
        this.events.push(this.#own ? emitted(params) : noticed(params.event as Notice, this.#abandoned));
        break;
      case "machine.ended":
        for (const [actor, { timer }] of this.#active) if (timer?.from === params.path) this.#cancelTimer(actor);
        break;
    }
  }

  #schedule({ id, delay = 0, event, from, to }: DelayedEvent): void {
    const { type } = event;
    let actor = id ?? type;
    // As in XState, it is one more, not in place of the one before.
    for (let n = 2; this.#own && this.#active.get(actor)?.timer; n++) actor = `${id}~${n}`;
    if (this.#active.get(actor)?.timer === undefined && this.#active.has(actor)) {
      const message = `The workflow's machine gives a delayed event the id "${actor}", which is that of a step.`;
      throw new AppError("machine_failed", { message });
    }
    const sender = from ? { from } : {};
    this.#open(actor, {
      kind: "timer",
      timer: { dueAt: this.#now + Number(delay), event: type, ...sender, ...(to ? { to } : {}) },
      ...(Object.keys(event).length > 1 ? this.#given(event, "a delayed event") : {}),
    });
  }

  /** Of the timers of one id the one that was set last. */
  #newest(id: string): string {
    let newest = id;
    for (let n = 2; this.#own && this.#active.has(`${id}~${n}`); n++) newest = `${id}~${n}`;
    return newest;
  }

  /** What an author's own machine gives to what it starts. Ours give nothing that the engine needs. */
  #given(value: unknown, what: string): Pick<ActiveActor, "input"> {
    return this.#own && value !== undefined ? { input: asJson(value, what) } : {};
  }

  #open(actor: string, how: Omit<ActiveActor, "epoch">): void {
    this.#active.set(actor, { epoch: ++this.#epoch, ...how });
    if (how.timer === undefined) this.events.push({ type: "step.queued", step: actor });
  }

  /** The job of a timer stays until it is due. It is remembered, so that the run's end takes it away. */
  #cancelTimer(actor: string): void {
    const timer = this.#before[actor];
    if (this.#active.get(actor)?.timer) this.#active.delete(actor);
    if (timer?.timer && !this.#own) this.#left[actor] = { epoch: timer.epoch, kind: timer.kind };
  }

  #close(actor: string): void {
    const { kind } = this.#active.get(actor) ?? {};
    if (kind === undefined) return;
    this.#active.delete(actor);
    if (kind === "timer") return;
    this.#abandoned.add(actor);
    this.events.push({ type: "step.cancelled", step: actor });
  }

  result(driver: Driver): Transition {
    const snapshot = this.machine?.snapshot;
    const ending = snapshot ? endingOf(snapshot, driver) : null;
    return this.#transition(snapshot ? driver.persist(snapshot) : null, ending);
  }

  /** Somebody ended the run: what came before in the same inbox has happened, nothing after it does. */
  cancelled(driver: Driver, { by, reason }: CancelCommand): Transition {
    const snapshot = this.machine ? driver.persist(this.machine.snapshot) : (this.#state?.snapshot ?? null);
    return this.#transition(snapshot, { status: "cancelled", by, reason });
  }

  /** The machine itself could not go on (a guard threw): the run fails, rather than its worker again and again. */
  broken(error: unknown): Transition {
    const failure = this.#own ? ownError(error) : toErrorRecord(error);
    return this.#transition(this.#state?.snapshot ?? null, { status: "failed", error: failure });
  }

  /** The journal goes on to where a fork can begin: of a decision that ends the run to what was before its end. */
  #journal(isEnd: boolean): Pick<RunState, "journal"> {
    const mark = this.#state ? this.#state.journal : { entries: 0, length: 0 };
    const told = isEnd ? this.told.slice(0, this.#toldBefore) : this.told;
    if (!this.#own || !mark) return {};
    if (told.length === 0 && (isEnd || this.#state)) return { journal: mark };
    const active = isEnd ? Object.entries(this.#resume?.active ?? {}) : [...this.#active];
    const opened = openedSteps(this.#before, active);
    const next = withEntry(mark, { at: this.#now, told, opened });
    Object.assign(this.outputs, next.stored);
    return { journal: next.mark };
  }

  #transition(snapshot: Json, ending: Ending | null): Transition {
    const journal = this.#journal(ending !== null);
    if (ending) this.#end();
    const left = Object.keys(this.#left).length > 0 ? { left: this.#left } : {};
    const opened: Dispatch[] = [];
    for (const [actor, { epoch, kind, timer }] of this.#active) {
      if (this.#before[actor]?.epoch !== epoch) opened.push({ actor, epoch, kind, dueAt: timer?.dueAt ?? 0 });
    }
    return {
      state: {
        snapshot,
        active: Object.fromEntries(this.#active),
        epoch: this.#epoch,
        ...(this.#failed.length > 0 ? { failed: this.#failed } : {}),
        ...(ending ? { left: this.#left } : left),
        ...(this.#resume && ending && ending.status !== "succeeded" ? { resume: this.#resume } : {}),
        ...journal,
      },
      outputs: this.outputs,
      events: this.events,
      opened,
      closed: Object.keys(this.#before).filter((actor) => !this.#active.has(actor)),
      abandoned: Object.entries(this.#before).flatMap(([actor, { epoch }]) =>
        this.#abandoned.has(actor) ? [{ actor, epoch }] : [],
      ),
      ending,
    };
  }

  #end(): void {
    for (const actor of [...this.#active.keys()]) this.#close(actor);
    for (const [actor, { epoch, kind }] of Object.entries(this.#before)) {
      if (kind === "timer" || this.#abandoned.has(actor)) this.#left[actor] = { epoch, kind };
    }
  }
}

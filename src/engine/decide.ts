import { type ErrorRecord, toErrorRecord } from "../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { EventBody } from "../core/run.ts";
import type { Driver, MachineAction, MachineEvent, MachineStep } from "./drive.ts";
import type {
  ActiveActor,
  CancelCommand,
  Delivery,
  Dispatch,
  Ending,
  InboxEntry,
  RunState,
  Transition,
} from "./state.ts";

/** The first transition of a run. Pure. @param now epoch milliseconds, for timers. */
export function decideStart(driver: Driver, input: JsonObject, now: number): Transition {
  const folding = new Folding(undefined, now);
  try {
    folding.take(driver.start(input));
  } catch (error) {
    return folding.broken(error);
  }
  return folding.result(driver);
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
  const folding = new Folding(state, now);
  try {
    let snapshot = driver.restore(state.snapshot);
    for (const delivery of deliveries) {
      if (delivery.type === "cancel") return folding.cancelled(driver, delivery);
      if (!folding.accept(delivery)) continue;
      const step = driver.next(snapshot, machineEvent(delivery, state));
      folding.take(step);
      snapshot = step.snapshot;
      if (snapshot.status !== "active") break;
    }
    folding.machine ??= { snapshot, actions: [] };
  } catch (error) {
    return folding.broken(error);
  }
  return folding.result(driver);
}

function machineEvent(delivery: Delivery, state: RunState): MachineEvent {
  const { actor } = delivery;
  switch (delivery.type) {
    case "done":
      return { type: `xstate.done.actor.${actor}`, actorId: actor, output: delivery.output };
    case "error":
      return { type: `xstate.error.actor.${actor}`, actorId: actor, error: delivery.error };
    case "timer":
      return { type: state.active[actor]?.timer?.event ?? "" };
  }
}

/** Gathers what one or more macrosteps ask for. Lives for one decision. */
class Folding {
  readonly events: EventBody[] = [];
  readonly outputs: Record<string, Json> = {};
  machine: MachineStep | undefined;
  readonly #before: Readonly<Record<string, ActiveActor>>;
  readonly #active: Map<string, ActiveActor>;
  readonly #state: RunState | undefined;
  readonly #now: number;
  readonly #abandoned = new Set<string>();
  readonly #failed: string[];
  #epoch: number;

  constructor(state: RunState | undefined, now: number) {
    this.#state = state;
    this.#before = state?.active ?? {};
    this.#active = new Map(Object.entries(this.#before));
    this.#epoch = state?.epoch ?? 0;
    this.#failed = [...(state?.failed ?? [])];
    this.#now = now;
  }

  /** Whether the actor is still wanted; if so it is so no more, and its line of history is written. */
  accept(delivery: Delivery): boolean {
    if (this.#active.get(delivery.actor)?.epoch !== delivery.epoch) return false;
    this.#active.delete(delivery.actor);
    if (delivery.event) this.events.push(delivery.event);
    if (delivery.type === "done") this.outputs[delivery.actor] = delivery.output;
    if (delivery.event?.type === "step.failed" && delivery.type === "done") this.#failed.push(delivery.actor);
    return true;
  }

  take(machine: MachineStep): void {
    this.machine = machine;
    for (const action of machine.actions) this.#act(action);
  }

  #act({ type, params }: MachineAction): void {
    switch (type) {
      case "xstate.spawnChild":
        this.#open(String(params.id), { kind: String(params.src) });
        break;
      case "xstate.raise": {
        const delay = Number(params.delay ?? 0);
        const event = params.event as { type: string };
        const id = String(params.id ?? event.type);
        this.#open(id, { kind: "timer", timer: { dueAt: this.#now + delay, event: event.type } });
        break;
      }
      case "xstate.stopChild":
        this.#close(String(params.id));
        break;
      case "xstate.cancel":
        this.#active.delete(String(params.sendId));
        break;
      case "xstate.emit":
        this.events.push(noticed(params.event as EventBody));
        break;
      default:
        break;
    }
  }

  #open(actor: string, how: Omit<ActiveActor, "epoch">): void {
    this.#active.set(actor, { epoch: ++this.#epoch, ...how });
    if (how.timer === undefined) this.events.push({ type: "step.queued", step: actor });
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
    const ending = snapshot ? endingOf(snapshot) : null;
    return this.#transition(snapshot ? driver.persist(snapshot) : null, ending);
  }

  /** Somebody ended the run: what came before in the same inbox has happened, nothing after it does. */
  cancelled(driver: Driver, { by, reason }: CancelCommand): Transition {
    const snapshot = this.machine ? driver.persist(this.machine.snapshot) : (this.#state?.snapshot ?? null);
    return this.#transition(snapshot, { status: "cancelled", by, reason });
  }

  /** The machine itself could not go on (a guard threw): the run fails, rather than its worker again and again. */
  broken(error: unknown): Transition {
    return this.#transition(this.#state?.snapshot ?? null, { status: "failed", error: toErrorRecord(error) });
  }

  #transition(snapshot: Json, ending: Ending | null): Transition {
    if (ending) for (const actor of [...this.#active.keys()]) this.#close(actor);
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
        ...(ending ? { left: this.#left() } : {}),
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

  /** Timers and steps whose jobs may exist although the run has ended. */
  #left(): NonNullable<RunState["left"]> {
    const left = Object.entries(this.#before).filter(
      ([actor, { kind }]) => kind === "timer" || this.#abandoned.has(actor),
    );
    return Object.fromEntries(left.map(([actor, { epoch, kind }]) => [actor, { epoch, kind }]));
  }
}

/** A notice of the machine as a line of the history: a step that fails before its first attempt has made no calls. */
function noticed(notice: EventBody): EventBody {
  return notice.type === "step.failed" ? { ...notice, attempt: 0, calls: [] } : notice;
}

function endingOf(snapshot: MachineStep["snapshot"]): Ending | null {
  if (snapshot.status === "active") return null;
  if (snapshot.status === "error") return { status: "failed", error: toErrorRecord(snapshot.error) };
  const context: unknown = snapshot.context;
  const failure = isJsonObject(context) ? context.error : null;
  if (!isJsonObject(failure)) return { status: "succeeded" };
  return { status: "failed", error: runError(failure) };
}

/** The run's error from the machine's `context.error`: the step's own, with the step named. */
function runError(failure: JsonObject): ErrorRecord {
  const error = failure.error as unknown as ErrorRecord;
  const step = failure.step;
  if (typeof step !== "string") return error;
  return { ...error, message: `Step "${step}": ${error.message}`, details: { ...error.details, step } };
}

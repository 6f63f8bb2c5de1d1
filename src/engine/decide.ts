import { AppError, type ErrorRecord, toErrorRecord } from "../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { EventBody } from "../core/run.ts";
import { refusedAction } from "../workflow/own-machine.ts";
import { asJson, type Driver, type MachineAction, type MachineEvent, type MachineStep } from "./drive.ts";
import type {
  ActiveActor,
  CancelCommand,
  Delivery,
  Dispatch,
  Ending,
  InboxEntry,
  OutsideEvent,
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
      if (delivery.type === "cancel") return folding.cancelled(driver, delivery);
      if (delivery.type !== "event" && !folding.accept(delivery)) continue;
      const step = driver.next(snapshot, machineEvent(delivery, state));
      folding.take(step);
      snapshot = step.snapshot;
      if (snapshot.status !== "active") break;
    }
    folding.machine ??= { snapshot, actions: [] };
    return folding.result(driver);
  } catch (error) {
    return folding.broken(error);
  }
}

function machineEvent(delivery: Delivery | OutsideEvent, state: RunState): MachineEvent {
  if (delivery.type === "event") return delivery.event;
  const { actor } = delivery;
  switch (delivery.type) {
    case "done":
      return { type: `xstate.done.actor.${actor}`, actorId: actor, output: delivery.output };
    case "error":
      return { type: `xstate.error.actor.${actor}`, actorId: actor, error: delivery.error };
    case "timer":
      return timerEvent(state.active[actor]);
  }
}

function timerEvent(active: ActiveActor | undefined): MachineEvent {
  const carried = active?.input;
  return { ...(isJsonObject(carried) ? carried : {}), type: active?.timer?.event ?? "" };
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
  readonly #own: ReadonlySet<string> | null;
  #epoch: number;

  constructor(state: RunState | undefined, now: number, own: Driver["own"]) {
    this.#own = own;
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
    const spawned = Object.keys(machine.snapshot.children).find((id) => this.#own?.has(id) === false);
    if (spawned !== undefined) refuse("xstate.spawnChild");
  }

  #act({ type, params }: MachineAction): void {
    switch (type) {
      case "xstate.spawnChild":
        this.#open(String(params.id), {
          kind: String(params.src),
          ...this.#given(params.input, "the input of a step"),
        });
        break;
      case "xstate.raise": {
        const delay = Number(params.delay ?? 0);
        const event = params.event as { type: string };
        const id = String(params.id ?? event.type);
        this.#open(id, {
          kind: "timer",
          timer: { dueAt: this.#now + delay, event: event.type },
          ...(Object.keys(event).length > 1 ? this.#given(event, "a delayed event") : {}),
        });
        break;
      }
      case "xstate.stopChild":
        this.#close(String(params.id));
        break;
      case "xstate.cancel":
        this.#active.delete(String(params.sendId));
        break;
      case "xstate.emit":
        if (!this.#own) this.events.push(noticed(params.event as EventBody));
        break;
      default:
        if (this.#own) refuse(type);
    }
  }

  /** What an author's own machine gives to what it starts. Ours give nothing that the engine needs. */
  #given(value: unknown, what: string): Pick<ActiveActor, "input"> {
    return this.#own && value !== undefined ? { input: asJson(value, what) } : {};
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
    const ending = snapshot ? endingOf(snapshot, this.#own !== null) : null;
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

function endingOf(snapshot: MachineStep["snapshot"], isOwn: boolean): Ending | null {
  if (snapshot.status === "active") return null;
  if (isOwn) return ownEnding(snapshot);
  if (snapshot.status === "error") return { status: "failed", error: toErrorRecord(snapshot.error) };
  const context: unknown = snapshot.context;
  const failure = isJsonObject(context) ? context.error : null;
  if (!isJsonObject(failure)) return { status: "succeeded" };
  return { status: "failed", error: runError(failure) };
}

function ownEnding({ status, error, output }: MachineStep["snapshot"]): Ending {
  if (status === "error") return { status: "failed", error: ownError(error) };
  return { status: "succeeded", output: asJson(output, "its output") };
}

/** A step's error as it is; what the machine's own functions threw, in words. */
function ownError(error: unknown): ErrorRecord {
  if (error instanceof AppError) return toErrorRecord(error);
  if (isJsonObject(error) && typeof error.code === "string" && typeof error.message === "string")
    return error as unknown as ErrorRecord;
  const words = error instanceof Error ? error.message : JSON.stringify(error);
  return toErrorRecord(new AppError("machine_failed", { message: `The workflow's machine broke: ${words}` }));
}

/** @throws AppError machine_failed where an action cannot be made durable; others are left out: a run's effects are its steps */
function refuse(type: string): void {
  const reason = refusedAction(type);
  if (reason !== undefined) throw new AppError("machine_failed", { message: `The workflow's machine ${reason}.` });
}

/** The run's error from the machine's `context.error`: the step's own, with the step named. */
function runError(failure: JsonObject): ErrorRecord {
  const error = failure.error as unknown as ErrorRecord;
  const step = failure.step;
  if (typeof step !== "string") return error;
  return { ...error, message: `Step "${step}": ${error.message}`, details: { ...error.details, step } };
}

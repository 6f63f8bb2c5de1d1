import { type AnyMachineSnapshot, type AnyStateMachine, createActor } from "xstate";
import { AppError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { withWatchedConditions } from "../workflow/conditions.ts";
import type { MachineAction, MachineStep } from "./machine-step.ts";
import { TransitionMemory } from "./transition-memory.ts";

/** What happens to a machine. */
export interface MachineEvent {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** An event that a machine sends later. */
export interface DelayedEvent {
  readonly id?: string;
  /** Milliseconds. */
  readonly delay?: number;
  readonly event: { readonly type: string };
  /** Of an author's own machine: names of the actors that send and get it; the run's machine: "". */
  readonly from?: string;
  readonly to?: string;
}

/** Steps one machine purely: no clock, no child is started, every effect comes back as data. */
export interface Driver {
  /** Whether the machine is its author's own: see own-driver.ts. */
  readonly own: boolean;
  /** Whether its machine undoes what a run has done where that does not succeed: it then decides itself what a cancel means. */
  readonly compensates: boolean;
  start(input: Json): MachineStep;
  /** Brings a persisted snapshot back to life; at once where the object or its content is known. */
  restore(persisted: Json): AnyMachineSnapshot;
  /** @param to of an author's own machine: the actor that the event is for, by its name in the run. Absent: the run's machine */
  next(snapshot: AnyMachineSnapshot, event: MachineEvent, to?: string): MachineStep;
  persist(snapshot: AnyMachineSnapshot): Json;
}

/** @throws AppError machine_failed - it goes in a circle, or holds a BigInt */
export function asJson(value: unknown, what: string): Json {
  try {
    return value === undefined ? null : (JSON.parse(JSON.stringify(value) ?? "null") as Json);
  } catch (error) {
    const message = `What the machine gives is not JSON: ${what} (${(error as Error).message.split("\n")[0]}).`;
    throw new AppError("machine_failed", { message });
  }
}

type Scope = Parameters<AnyStateMachine["transition"]>[2];

/**
 * A driver with one inert scope that is reused for every transition: XState's own `transition()` builds a throw-away actor each time,
 * which for a machine with 100 parallel invokes takes 30 ms where this takes 1. It remembers transitions that are the same for all runs.
 */
export function createDriver(given: AnyStateMachine): Driver {
  let collected: MachineAction[] = [];
  let hasAsked = false;
  // What a condition says may differ from time to time.
  const machine = withWatchedConditions(given, () => {
    hasAsked = true;
  });
  const persist = (snapshot: AnyMachineSnapshot) => machine.getPersistedSnapshot(snapshot) as unknown as Json;
  const memory = new TransitionMemory(machine, persist);
  const alive = new WeakMap<object, AnyMachineSnapshot>();
  const self = createActor(machine, { input: {} });
  const scope: Scope = {
    self,
    system: self.system,
    id: "",
    sessionId: "",
    logger: () => undefined,
    defer: () => undefined,
    stopChild: () => undefined,
    emit: () => undefined,
    actionExecutor: (action) => {
      collected.push({ type: action.type, params: (action.params ?? {}) as Readonly<Record<string, unknown>> });
    },
  };
  /** Begins with nothing: what a machine asked for before it broke down belongs to that run, not to the next one. */
  const collect = (take: () => AnyMachineSnapshot): MachineStep => {
    collected = [];
    return { snapshot: take(), actions: collected };
  };
  return {
    own: false,
    compensates: machine.root.states.compensating !== undefined,
    start: (input) => collect(() => machine.getInitialSnapshot(scope, input)),
    restore: (persisted) => {
      const known = alive.get(persisted as object);
      if (known) return known;
      return memory.restored(persisted, () => machine.restoreSnapshot(persisted as never, scope) as AnyMachineSnapshot);
    },
    next: (snapshot, event) => {
      const known = memory.step(snapshot, event.type);
      if (known) return known;
      hasAsked = false;
      const step = collect(() => machine.transition(snapshot, event, scope));
      return hasAsked ? step : memory.keepStep(snapshot, event.type, step);
    },
    persist: (snapshot) => {
      const persisted = memory.persisted(snapshot) ?? persist(snapshot);
      alive.set(persisted as object, snapshot);
      return persisted;
    },
  };
}

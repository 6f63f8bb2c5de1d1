import { type AnyMachineSnapshot, type AnyStateMachine, createActor } from "xstate";
import type { Json } from "../core/json.ts";

/** One action that a transition asks for, as data. XState hands these over; nothing has happened yet. */
export interface MachineAction {
  readonly type: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** A machine after one macrostep, and what it asks for. */
export interface MachineStep {
  readonly snapshot: AnyMachineSnapshot;
  readonly actions: readonly MachineAction[];
}

/** What happens to a machine. */
export interface MachineEvent {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** Steps one machine purely: no clock, no child is started, every effect comes back as data. */
export interface Driver {
  start(input: Json): MachineStep;
  /** Brings a persisted snapshot back to life; at once where it is the very object that {@link persist} gave. */
  restore(persisted: Json): AnyMachineSnapshot;
  next(snapshot: AnyMachineSnapshot, event: MachineEvent): MachineStep;
  persist(snapshot: AnyMachineSnapshot): Json;
}

type Scope = Parameters<AnyStateMachine["transition"]>[2];

/**
 * A driver with one inert scope that is reused for every transition: XState's own `transition()` builds a throw-away actor each time,
 * which for a machine with 100 parallel invokes takes 30 ms where this takes 1.
 */
export function createDriver(machine: AnyStateMachine): Driver {
  let collected: MachineAction[] = [];
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
    start: (input) => collect(() => machine.getInitialSnapshot(scope, input)),
    restore: (persisted) => {
      const known = alive.get(persisted as object);
      return known ?? (machine.restoreSnapshot(persisted as never, scope) as AnyMachineSnapshot);
    },
    next: (snapshot, event) => collect(() => machine.transition(snapshot, event, scope)),
    persist: (snapshot) => {
      const persisted = machine.getPersistedSnapshot(snapshot);
      alive.set(persisted, snapshot);
      return persisted as unknown as Json;
    },
  };
}

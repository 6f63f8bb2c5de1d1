import type { AnyMachineSnapshot } from "xstate";

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

import type { AnyActorLogic, AnyStateMachine } from "xstate";
import { stepMark } from "../core/step-mark.ts";
import type { OwnCode } from "./machine-tree.ts";

/** What actor logic of an author's machine turns out to be. */
export type OwnActor =
  | { readonly type: "step"; readonly kind: string }
  | { readonly type: "code"; readonly run: OwnCode }
  | { readonly type: "machine"; readonly machine: AnyStateMachine }
  | { readonly type: "reducer"; readonly logic: AnyActorLogic }
  /** A callback, an observable, or something else that runs for ever. */
  | { readonly type: "endless" };

/** Looks at actor logic, of whichever copy of XState. Nothing is started. */
export function ownActor(logic: unknown): OwnActor {
  if (isMachine(logic)) return { type: "machine", machine: logic };
  if (typeof logic !== "object" || logic === null) return { type: "endless" };
  const { [stepMark]: kind, config, start } = logic as Readonly<Record<PropertyKey, unknown>>;
  if (typeof kind === "string") return { type: "step", kind };
  if (typeof config !== "function") return { type: "endless" };
  if (start === undefined) return { type: "reducer", logic: logic as AnyActorLogic };
  return resolves(logic as AnyActorLogic) ? { type: "code", run: config as OwnCode } : { type: "endless" };
}

/** Promise actors alone take the event by which XState ends a promise. */
function resolves(logic: AnyActorLogic): boolean {
  const open = { status: "active", output: undefined, error: undefined, input: undefined };
  try {
    const next: unknown = logic.transition(open, { type: "xstate.promise.resolve", data: null }, {} as never);
    return (next as { readonly status?: unknown }).status === "done";
  } catch {
    // A callback asks for the actor that it runs in.
    return false;
  }
}

/** Whether something is an XState machine, of whichever copy of XState. */
export function isMachine(value: unknown): value is AnyStateMachine {
  const machine = value as Partial<AnyStateMachine> | null;
  return (
    typeof machine === "object" &&
    machine !== null &&
    typeof machine.provide === "function" &&
    typeof machine.getPersistedSnapshot === "function" &&
    typeof machine.root === "object"
  );
}

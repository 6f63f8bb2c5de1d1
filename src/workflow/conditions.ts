import type { AnyStateMachine, AnyStateNode } from "xstate";
import { isJsonObject } from "../core/json.ts";

type Guard = (args: unknown, params: { readonly step: string }) => boolean;

/**
 * A workflow's machine for which the conditions of some steps are decided already, whatever its input says. Its states are those of the machine that is given: a
 * snapshot of one is a snapshot of the other. @param verdicts whether the step runs, by step id
 */
export function withSettledConditions(
  machine: AnyStateMachine,
  verdicts: ReadonlyMap<string, boolean>,
): AnyStateMachine {
  return withConditions(machine, (evaluate, wanted) => (args, params) => {
    const verdict = verdicts.get(params.step);
    return verdict === undefined ? evaluate(args, params) : verdict === wanted;
  });
}

/** A workflow's machine that calls `asked` whenever the condition of a step is evaluated; it itself where it has none. */
export function withWatchedConditions(machine: AnyStateMachine, asked: () => void): AnyStateMachine {
  if (!hasConditions(machine.root)) return machine;
  return withConditions(machine, (evaluate) => (args, params) => {
    asked();
    return evaluate(args, params);
  });
}

/** The machine with other guards of `when`. @param guardFrom the one that is there, and the verdict for which it holds */
function withConditions(
  machine: AnyStateMachine,
  guardFrom: (evaluate: Guard, wanted: boolean) => Guard,
): AnyStateMachine {
  const guards = machine.implementations.guards as unknown as Readonly<Record<string, Guard>>;
  const other = (name: "when true" | "when false", wanted: boolean) => guardFrom(guards[name] ?? (() => false), wanted);
  return machine.provide({
    guards: { "when true": other("when true", true), "when false": other("when false", false) },
  } as never);
}

function hasConditions({ always = [], states }: AnyStateNode): boolean {
  const isCondition = (guard: unknown) => isJsonObject(guard) && guard.type === "when true";
  return (
    always.some(({ guard }) => isCondition(guard)) ||
    Object.values(states).some((node) => hasConditions(node as AnyStateNode))
  );
}

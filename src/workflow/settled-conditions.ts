import type { AnyStateMachine } from "xstate";

type Guard = (args: unknown, params: { readonly step: string }) => boolean;

/**
 * A workflow's machine for which the conditions of some steps are decided already, whatever its input says. Its states are those of the machine that is given: a
 * snapshot of one is a snapshot of the other. @param verdicts whether the step runs, by step id
 */
export function withSettledConditions(
  machine: AnyStateMachine,
  verdicts: ReadonlyMap<string, boolean>,
): AnyStateMachine {
  const guards = machine.implementations.guards as unknown as Readonly<Record<string, Guard>>;
  const settled = (name: "when true" | "when false", wanted: boolean): Guard => {
    const evaluate = guards[name];
    return (args, params) => {
      const verdict = verdicts.get(params.step);
      return verdict === undefined ? (evaluate?.(args, params) ?? false) : verdict === wanted;
    };
  };
  const decided = { "when true": settled("when true", true), "when false": settled("when false", false) };
  return machine.provide({ guards: decided } as never);
}

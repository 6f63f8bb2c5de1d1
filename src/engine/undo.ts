import type { Json } from "../core/json.ts";
import type { EventBody } from "../core/run.ts";
import type { RunContext } from "../workflow/run-context.ts";
import { decideNext } from "./decide.ts";
import type { Driver } from "./drive.ts";
import type { CancelCommand, RunState, Transition } from "./state.ts";

/** A run that has succeeded and is to be undone. */
export interface SucceededRun {
  readonly id: string;
  /** Its last one. */
  readonly state: RunState;
  /** By name: `STEP`, and `STEP.error` where it had failed. */
  readonly outputs: Readonly<Record<string, Json>>;
}

/**
 * The first transition of a run that undoes another one: it stands where that one succeeded, has what it gave, and is cancelled there. Pure.
 * @returns undefined: there is nothing to undo
 */
export function decideUndo(
  driver: Driver,
  { id, state, outputs }: SucceededRun,
  { by, reason }: Pick<CancelCommand, "by" | "reason">,
  now: number,
): Transition | undefined {
  if (!driver.compensates || !hasToUndo(state)) return undefined;
  const { snapshot, active, epoch } = state;
  const next = decideNext(driver, { snapshot, active, epoch }, [{ type: "cancel", by, reason }], now);
  const done = Object.keys(outputs).filter((name) => !name.includes(".") && !(`${name}.error` in outputs));
  const reused = done.map((step): EventBody => ({ type: "step.reused", step, run: id, served: null }));
  return { ...next, outputs: { ...outputs, ...next.outputs }, events: [...reused, ...next.events] };
}

function hasToUndo({ snapshot }: RunState): boolean {
  const { context } = (snapshot ?? {}) as { readonly context?: RunContext };
  return (context?.saga?.steps.length ?? 0) > 0;
}

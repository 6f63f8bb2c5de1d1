import type { CheckedStep } from "./checked.ts";
import { dagOf } from "./dag.ts";

/** How jumps (`on_error: { goto: STEP }`) bear on a step. */
export interface Crossing {
  /** A jump of one of these passes the step over: it comes after them, and not after the step that they go to. */
  readonly over: readonly string[];
  /** These go to the step itself. */
  readonly to: readonly string[];
  /** Whether it runs only where one of them does. */
  readonly isHandler: boolean;
}

/** What jumps mean to the steps that they bear on, by step. Empty: no step goes to another one. */
export function crossingsOf(steps: readonly CheckedStep[]): ReadonlyMap<string, Crossing> {
  const jumps = steps.flatMap(({ id, onError }) =>
    onError.type === "go_on" && onError.goto !== undefined ? [{ from: id, to: onError.goto }] : [],
  );
  if (jumps.length === 0) return new Map();
  const dag = dagOf(steps);
  const crossings = steps.map(({ id, handles }): [string, Crossing] => {
    const to = jumps.filter((jump) => jump.to === id).map(({ from }) => from);
    const over = jumps.filter(
      (jump) => jump.to !== id && dag.runsBefore(jump.from, id) && !dag.runsBefore(jump.to, id),
    );
    return [id, { over: over.map(({ from }) => from), to, isHandler: handles !== undefined }];
  });
  return new Map(crossings.filter(([, { over, to, isHandler }]) => over.length > 0 || (isHandler && to.length > 0)));
}

/** Whether a step is skipped because of jumps. Where one goes to it and another passes it over, it runs. @param jumped steps that have failed and gone elsewhere */
export function isPassedOver({ over, to, isHandler }: Crossing, jumped: readonly string[]): boolean {
  if (to.some((step) => jumped.includes(step))) return false;
  return isHandler || over.some((step) => jumped.includes(step));
}

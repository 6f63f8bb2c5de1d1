import type { CheckedStep } from "./checked.ts";
import { type ActionShape, type StateShape, stateIds } from "./statechart.ts";

/** A step in a sequence. @param next what follows it, and whether some condition reads of its output */
export function stepState(
  step: CheckedStep,
  next: { readonly target: string; readonly isWatched: boolean },
): StateShape {
  const { target, isWatched } = next;
  if (step.when === undefined) return running(step, target, isWatched);
  return { ...stepRegion(step, { isWaiting: false, isWatched }), onDone: { target } };
}

/** How a step stands among the others. */
export interface RegionTraits {
  /** Whether it waits for others of its mesh. */
  readonly isWaiting: boolean;
  /** Whether some condition reads of its output. */
  readonly isWatched: boolean;
}

/** A step with its own states inside; it ends in `succeeded` or `skipped`. */
export function stepRegion(step: CheckedStep, { isWaiting, isWatched }: RegionTraits): StateShape {
  const params = { step: step.id };
  const hasWhen = step.when !== undefined;
  const begun = hasWhen ? "deciding" : "running";
  const pending: StateShape = { always: [{ guard: { type: `needs ended of ${step.id}` }, target: begun }] };
  const deciding: StateShape = {
    description: `when ${step.when}`,
    always: [
      { guard: { type: "when true", params }, target: "running" },
      { guard: { type: "when false", params }, target: "skipped" },
      {
        target: `#${stateIds.failed}`,
        actions: [
          { type: "conditionFailed", params },
          { type: "announceFailure", params },
        ],
      },
    ],
  };
  const skipping: ActionShape[] = [{ type: "announceSkip", params }];
  if (isWatched) skipping.push({ type: "keepNull", params });
  return {
    initial: isWaiting ? "pending" : begun,
    states: {
      ...(isWaiting ? { pending } : {}),
      ...(hasWhen ? { deciding } : {}),
      running: running(step, "succeeded", isWatched),
      succeeded: { type: "final" },
      ...(hasWhen ? { skipped: { type: "final", entry: skipping } } : {}),
    },
  };
}

/** The state in which a step's job exists. */
function running({ id, kind }: CheckedStep, target: string, isWatched: boolean): StateShape {
  const params = { step: id };
  return {
    invoke: {
      id,
      src: kind,
      input: { step: id },
      onDone: isWatched ? { target, actions: [{ type: "keep", params }] } : { target },
      onError: { target: `#${stateIds.failed}`, actions: [{ type: "stepFailed", params }] },
    },
  };
}

import type { CheckedStep } from "./checked.ts";
import { sagaActions } from "./saga.ts";
import type { ActionShape, StateShape } from "./statechart.ts";

/** What the states of every step need to know of the whole. */
export interface StepSurroundings {
  /** Target of what ends the run without success. */
  readonly failed: string;
  /** Whether some condition reads of that step. */
  readonly isWatched: (step: string) => boolean;
  /** Whether a jump may pass that step over. */
  readonly isCrossed: (step: string) => boolean;
}

/** A step in a sequence. @param target what follows it */
export function stepState(step: CheckedStep, target: string, around: StepSurroundings): StateShape {
  if (step.when === undefined && !around.isCrossed(step.id)) return running(step, target, around);
  return { ...stepRegion(step, false, around), onDone: { target } };
}

/** A step with its own states inside; it ends in `succeeded` or `skipped`. @param isWaiting whether it waits for others of its mesh */
export function stepRegion(step: CheckedStep, isWaiting: boolean, around: StepSurroundings): StateShape {
  const params = { step: step.id };
  const hasWhen = step.when !== undefined;
  const isCrossed = around.isCrossed(step.id);
  const wanted = hasWhen ? "deciding" : "running";
  const begun = isCrossed ? "reached" : wanted;
  const reached: StateShape = {
    always: [{ guard: { type: `passed over of ${step.id}` }, target: "skipped" }, { target: wanted }],
  };
  const pending: StateShape = { always: [{ guard: { type: `needs ended of ${step.id}` }, target: begun }] };
  const deciding: StateShape = {
    description: `when ${step.when}`,
    always: [
      { guard: { type: "when true", params }, target: "running" },
      { guard: { type: "when false", params }, target: "skipped" },
      {
        target: around.failed,
        actions: [
          { type: "conditionFailed", params },
          { type: "announceFailure", params },
        ],
      },
    ],
  };
  const skipping: ActionShape[] = [{ type: "announceSkip", params }];
  if (around.isWatched(step.id)) skipping.push({ type: "keepNull", params });
  return {
    initial: isWaiting ? "pending" : begun,
    states: {
      ...(isWaiting ? { pending } : {}),
      ...(isCrossed ? { reached } : {}),
      ...(hasWhen ? { deciding } : {}),
      running: running(step, "succeeded", around),
      succeeded: { type: "final" },
      ...(hasWhen || isCrossed ? { skipped: { type: "final", entry: skipping } } : {}),
    },
  };
}

/** The state in which a step's job exists. */
function running(step: CheckedStep, target: string, { failed, isWatched }: StepSurroundings): StateShape {
  const { id, kind, onError } = step;
  const params = { step: id };
  const entry = sagaActions(step, "start");
  const ended = sagaActions(step, "end");
  const done: ActionShape[] = [
    ...(isWatched(id) ? [{ type: "keep", params } as const] : []),
    ...(onError.type === "go_on" && onError.goto !== undefined ? [{ type: "jump", params } as const] : []),
    ...ended,
  ];
  const moved = ended.filter(({ type }) => type === "ended");
  return {
    ...(entry.length > 0 ? { entry } : {}),
    invoke: {
      id,
      src: kind,
      input: { step: id },
      onDone: done.length > 0 ? { target, actions: done } : { target },
      onError: { target: failed, actions: [{ type: "stepFailed", params }, ...moved] },
    },
  };
}

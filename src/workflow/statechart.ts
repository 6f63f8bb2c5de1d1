import type { CheckedStep } from "./checked.ts";

/**
 * The shape of a workflow's statechart, as plain data: every action and guard is a name with parameters.
 *
 *     running                        one state a block, one after the other; `after` ends the run at its timeout
 *       classify                     a block of one step: the step's job, nothing else
 *       impact                       a step with `when`: deciding -> running -> succeeded, or deciding -> skipped
 *       group 3                      a block of several steps: one parallel region each,
 *         timeline                     pending (until what it needs in the group has ended) -> deciding -> running -> ...
 *     succeeded
 *     failed
 *
 * A group's key holds a blank, which no step id does.
 */
export interface StateShape {
  readonly id?: string;
  readonly description?: string;
  readonly type?: "parallel" | "final";
  readonly initial?: string;
  readonly states?: Readonly<Record<string, StateShape>>;
  readonly entry?: readonly ActionShape[];
  readonly always?: readonly TransitionShape[];
  readonly invoke?: {
    readonly id: string;
    readonly src: string;
    readonly input: { readonly step: string };
    readonly onDone: TransitionShape;
    readonly onError: TransitionShape;
  };
  readonly onDone?: TransitionShape;
  readonly after?: Readonly<Record<number, TransitionShape>>;
}

/** A transition by names. */
export interface TransitionShape {
  readonly target: string;
  readonly guard?: GuardShape;
  readonly actions?: readonly ActionShape[];
}

/** The actions that a workflow's machine has, with the step they are about. */
export interface ActionShape {
  /**
   * `keep` and `keepNull` put what conditions read of the step's output into the context, after it succeeded or was skipped;
   * `stepFailed` and `conditionFailed` set the context's error; the announcements are emitted.
   */
  readonly type: "keep" | "keepNull" | "stepFailed" | "conditionFailed" | "announceSkip" | "announceFailure";
  readonly params: { readonly step: string };
}

/** `when true` and `when false` are undecided when the condition cannot be evaluated. `needs ended` is one guard a step: `needs ended of report`. */
export type GuardShape =
  | { readonly type: "when true" | "when false"; readonly params: { readonly step: string } }
  | { readonly type: `needs ended of ${string}` };

/** State ids that transitions name. The colon keeps them apart from the ids that XState derives from workflow names and step ids. */
export const stateIds = { running: "run:running", succeeded: "run:succeeded", failed: "run:failed" } as const;

/** A step that waits for others of its group. */
export interface WaitingStep {
  readonly id: string;
  readonly group: string;
  readonly needs: readonly string[];
}

/** The states below `running`. */
export interface BlockStates {
  /** Key of the first one. */
  readonly initial: string;
  readonly states: Readonly<Record<string, StateShape>>;
  /** The steps whose guard must be provided. */
  readonly waiting: readonly WaitingStep[];
}

/**
 * Lays out the blocks.
 * @param isWatched whether some condition reads of that step's output
 */
export function blockStates(
  blocks: readonly (readonly CheckedStep[])[],
  isWatched: (step: string) => boolean,
): BlockStates {
  const keys = blocks.map((block, index) => {
    const [only, ...others] = block;
    return only && others.length === 0 ? only.id : `group ${index + 1}`;
  });
  const waiting: WaitingStep[] = [];
  const states = blocks.map((block, index): readonly [string, StateShape] => {
    const group = keys[index] ?? "";
    const next = keys[index + 1] ?? `#${stateIds.succeeded}`;
    const [only, ...others] = block;
    if (only && others.length === 0) return [group, single(only, next, isWatched(only.id))];
    const members = new Set(block.map(({ id }) => id));
    const regions = block.map((step): readonly [string, StateShape] => {
      const needs = step.needs.filter((need) => members.has(need));
      if (needs.length > 0) waiting.push({ id: step.id, group, needs });
      return [step.id, region(step, { isWaiting: needs.length > 0, isWatched: isWatched(step.id) })];
    });
    return [group, { type: "parallel", states: Object.fromEntries(regions), onDone: { target: next } }];
  });
  return { initial: keys[0] ?? "", states: Object.fromEntries(states), waiting };
}

/** A step alone in its block. */
function single(step: CheckedStep, next: string, isWatched: boolean): StateShape {
  if (step.when === undefined) return running(step, next, isWatched);
  return { ...region(step, { isWaiting: false, isWatched }), onDone: { target: next } };
}

interface RegionTraits {
  readonly isWaiting: boolean;
  readonly isWatched: boolean;
}

/** A step with its own states inside. */
function region(step: CheckedStep, { isWaiting, isWatched }: RegionTraits): StateShape {
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

/**
 * The shape of a workflow's statechart, as plain data: every action and guard is a name with parameters.
 *
 *     running                one state a block, one after the other; `after` ends the run at its timeout
 *       classify             a block of one step: the step's job, nothing else
 *       impact               a step with `when`: deciding -> running -> succeeded, or deciding -> skipped
 *       group 3              branches: one parallel region each, which is a step, or a sequence of blocks again
 *         timeline
 *         branch 2
 *       group 4              a mesh: one parallel region a step,
 *         report               pending (until what it needs in the mesh has ended) -> deciding -> running -> ...
 *     succeeded
 *     failed
 *
 * Only a mesh scans its steps; in sequences and branches the cost of a transition does not depend on how many steps there are.
 * Keys that are no step's hold a blank, which no step id does.
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

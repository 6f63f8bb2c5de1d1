/**
 * The shape of a workflow's statechart, as plain data: every action and guard is a name with parameters.
 *
 *     running                one state a block, one after the other; `after` ends the run at its timeout
 *       classify             a block of one step: the step's job, nothing else
 *       impact               a step with `when`: deciding -> running -> succeeded, or deciding -> skipped;
 *                            before that `reached`, where a jump may pass it over: reached -> deciding, or reached -> skipped
 *       group 3              branches: one parallel region each, which is a step, or a sequence of blocks again
 *         timeline
 *         branch 2
 *       group 4              a mesh: one parallel region a step,
 *         report               pending (until what it needs in the mesh has ended) -> deciding -> running -> ...
 *     compensating           only where a step has a compensation; see saga.ts
 *     succeeded              final; with compensations it is left where the run's output cannot be made
 *     failed
 *     cancelled              only where a step has a compensation
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
  readonly on?: Readonly<Record<string, TransitionShape>>;
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
   * `jump` remembers that it has failed and gone elsewhere; `stepFailed` and `conditionFailed` set the context's error; the announcements are emitted.
   * `begun`, `done` and `ended` put it among the steps that are to be undone, `undone` takes it away.
   */
  readonly type:
    | "keep"
    | "keepNull"
    | "jump"
    | "stepFailed"
    | "conditionFailed"
    | "announceSkip"
    | "announceFailure"
    | "begun"
    | "done"
    | "ended"
    | "undone"
    | "runTimedOut"
    | "runCancelled"
    | "runRefused"
    | "announceCompensation";
  /** Absent: it is about the run. */
  readonly params?: { readonly step: string };
}

/** `when true` and `when false` are undecided when the condition cannot be evaluated. `needs ended` is one guard a step: `needs ended of report`. */
export type GuardShape =
  | { readonly type: "when true" | "when false"; readonly params: { readonly step: string } }
  | { readonly type: `needs ended of ${string}` }
  /** One guard a step: whether a jump passes it over. */
  | { readonly type: `passed over of ${string}` }
  /** Of the compensations: one guard a step that has one; the others ask about the run. */
  | { readonly type: `newest is ${string}` | "was cancelled" | "has to undo" };

/** State ids that transitions name. The colon keeps them apart from the ids that XState derives from workflow names and step ids. */
export const stateIds = {
  running: "run:running",
  compensating: "run:compensating",
  succeeded: "run:succeeded",
  failed: "run:failed",
  cancelled: "run:cancelled",
} as const;

/** The events that a workflow's machine takes besides the ends of steps and timers, where it has compensations. */
export const runEvents = {
  /** Somebody ends the run: `{ by, reason }`. */
  cancel: "run.cancel",
  /** It has come to its end, and its output cannot be made or too many steps have failed: `{ error }`. */
  refuse: "run.refuse",
} as const;

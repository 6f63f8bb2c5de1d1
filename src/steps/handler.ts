import type { Hints, Served } from "../core/call.ts";
import type { AppError, ErrorRecord } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { AnswerPiece } from "../core/live.ts";
import type { AttemptReport, EventBody, RunStatus } from "../core/run.ts";
import type { OwnCode } from "../workflow/machine-tree.ts";

/** One attempt's work, as a worker hands it to the handler of the step's kind. */
export interface StepWork {
  readonly runId: string;
  /** Name of the workflow, as its tenant knows it. */
  readonly workflow: string;
  /** Whose run it is, and who pays. */
  readonly tenant: string;
  readonly stepId: string;
  /** 1-based. */
  readonly attempt: number;
  /** The step's own part of the definition, rendered. Null where the kind `resumesBare` and there is a memo. */
  readonly body: Json;
  /** Of a promise actor that stands in a machine's own file: what is called in the place of a module's function. */
  readonly code?: OwnCode;
  /** The run's hints with the step's laid over them. */
  readonly hints: Hints;
  /** Goes out as idempotency key: the job's id with the number of the attempt, the same where an attempt is repeated because its worker died. */
  readonly idempotencyKey: string;
  /** Providers whose calls failed in the attempt before; for a handler that can choose. */
  readonly avoid: readonly string[];
  /** Milliseconds that the step has waited so far in all, deferred and retried, since its first attempt began. */
  readonly waitedMs: number;
  /** Epoch milliseconds at which the attempt's time is over. */
  readonly deadline: number;
  /** Fires at the deadline, when the fence is lost, and when the worker must stop. */
  readonly signal: AbortSignal;
  /** What a former execution of this dispatch of the step kept for this one; null: nothing. */
  readonly memo: Json;
  /** Keeps a memo at once, so that an execution after a crash finds it. @throws where this execution counts no more. @param drop forgets the signal that was taken */
  save(memo: Json, drop?: boolean): Promise<void>;
  /** The oldest signal of that name that was sent to the run and not taken; the same one again for a later execution of this dispatch. */
  take(name: string): Promise<Json | undefined>;
  /** Puts values aside, by name, for the executions that come after this one: what would be too much for a memo, which every one of them loads. @throws where this execution counts no more */
  stow(values: Readonly<Record<string, Json>>): Promise<void>;
  /** Values that were put aside, in the order asked; null: none of that name. */
  stowed(names: readonly string[]): Promise<readonly Json[]>;
  /** Runs that this step starts: as durable as the run itself, and it is woken when one of them ends. */
  readonly children: Children;
  /** Tells those who watch the run a piece of the answer as it is written; nothing of it is kept. */
  tell(piece: AnswerPiece): void;
  /** Adds a line to the run's history while the attempt goes on; best effort. */
  note(event: Extract<EventBody, { type: "call.failed" | "signal.refused" | "tool.called" | "tool.answered" }>): void;
}

/** A run that a step has started. */
export interface Child {
  readonly id: string;
  readonly status: RunStatus;
  /** Null also where it was not asked for. */
  readonly output: Json;
  readonly error: ErrorRecord | null;
  /** Epoch milliseconds; null: it has not ended. */
  readonly finishedAt: number | null;
}

/** A workflow in the store. */
export interface StoredVersion {
  readonly workflow: string;
  readonly version: number;
}

/** What a step asks of a child run. */
export interface ChildRequest {
  /** Unique within the dispatch: asked again after a crash it is the same run. */
  readonly key: string;
  readonly workflow?: string;
  readonly version?: number;
  /** In place of a stored workflow. */
  readonly definition?: JsonObject;
  readonly input: JsonObject;
  readonly hints?: Hints;
}

/** A run that was to be started. */
export interface StartedChild {
  readonly id: string;
  /** Why it could not be: as a submission's error. */
  readonly refusal?: AppError;
}

/** The child runs of one dispatch of a step. */
export interface Children {
  /** The id of the run that {@link start} makes of a key, whether it is started or not. */
  id(key: string): string;
  /** Stores a definition, once for all the runs that are to be made of it. @throws AppError invalid_definition */
  store(definition: JsonObject): Promise<StoredVersion>;
  /** The version that is the newest one of that name now. @throws AppError workflow_not_found */
  newest(workflow: string): Promise<StoredVersion>;
  /** Starts a run. @returns its id. @throws AppError as a submission does */
  start(request: ChildRequest): Promise<string>;
  /** Starts runs, for less than one by one. @returns in their order; what keeps one from being started is no matter of the others */
  startAll(requests: readonly ChildRequest[]): Promise<readonly StartedChild[]>;
  /** Those of these runs whose end has been told to this step. */
  ended(ids: readonly string[]): Promise<readonly string[]>;
  /** How they stand, in the order asked. @param options outputs: default true @throws AppError run_not_found */
  look(ids: readonly string[], options?: { readonly outputs?: boolean }): Promise<readonly Child[]>;
  cancel(ids: readonly string[], reason: string): Promise<void>;
  /** Of a compensation: how many of the runs that the step has started have yet to end, and which have succeeded, the one that ended last first. */
  toUndo(): Promise<{ readonly open: number; readonly succeeded: readonly string[] }>;
  /** Undoes runs that have succeeded, each by a run of its own. Asked again after a crash it finds the same ones. @returns in their order */
  undo(ids: readonly string[]): Promise<readonly UndoneChild[]>;
}

/** A run that was to be undone. */
export interface UndoneChild {
  readonly of: string;
  /** The run that undoes it; null: it has done nothing that is undone. */
  readonly id: string | null;
  /** Why it could not be begun: nothing is left of it. */
  readonly refusal?: AppError;
}

/** What became of an attempt. */
export type StepOutcome = { readonly report: AttemptReport } & (
  | { readonly type: "succeeded"; readonly output: Json; readonly served: Served | null }
  | {
      readonly type: "failed";
      readonly error: ErrorRecord;
      /** False: another attempt cannot help; the step fails at once. */
      readonly retryable: boolean;
    }
  | {
      /** Nothing could be tried now: the job sleeps, no worker waits, no attempt is spent. */
      readonly type: "deferred";
      readonly error: ErrorRecord;
      readonly delayMs: number;
      readonly reason: string;
    }
  | {
      /** The step waits for something that is no job's doing: a moment, a signal, a child run. No worker waits, no attempt is spent. */
      readonly type: "parked";
      /** Epoch milliseconds at which it goes on by itself; null: only when it is woken. */
      readonly until: number | null;
      /** For the execution that goes on. */
      readonly memo: Json;
      /** Name of the signal that wakes it; null: none does. A child run that ends always does. */
      readonly signal: string | null;
      /** For the history; null: nothing is told. */
      readonly reason: string | null;
    }
);

/** What a worker does for one step kind. One file a kind; all run the same test suite. */
export interface StepHandler {
  readonly kind: string;
  /** Environment variables that the templates of its steps may read, by name; null: not set. Absent: none. */
  readonly env?: Readonly<Record<string, string | null>>;
  execute(work: StepWork): Promise<StepOutcome>;
}

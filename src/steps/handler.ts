import type { Hints, Served } from "../core/call.ts";
import type { ErrorRecord } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { AnswerPiece } from "../core/live.ts";
import type { AttemptReport, EventBody } from "../core/run.ts";

/** One attempt's work, as a worker hands it to the handler of the step's kind. */
export interface StepWork {
  readonly runId: string;
  /** Name of the workflow. */
  readonly workflow: string;
  readonly stepId: string;
  /** 1-based. */
  readonly attempt: number;
  /** The step's own part of the definition, rendered. */
  readonly body: Json;
  /** The run's hints with the step's laid over them. */
  readonly hints: Hints;
  /** Goes out as idempotency key: the job's id with the number of the attempt, the same where an attempt is repeated because its worker died. */
  readonly idempotencyKey: string;
  /** Providers whose calls failed in the attempt before; for a handler that can choose. */
  readonly avoid: readonly string[];
  /** Epoch milliseconds at which the attempt's time is over. */
  readonly deadline: number;
  /** Fires at the deadline, when the fence is lost, and when the worker must stop. */
  readonly signal: AbortSignal;
  /** Tells those who watch the run a piece of the answer as it is written; nothing of it is kept. */
  tell(piece: AnswerPiece): void;
  /** Adds a line to the run's history while the attempt goes on; best effort. */
  note(event: Extract<EventBody, { type: "call.failed" }>): void;
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
);

/** What a worker does for one step kind. One file a kind; all run the same test suite. */
export interface StepHandler {
  readonly kind: string;
  execute(work: StepWork): Promise<StepOutcome>;
}

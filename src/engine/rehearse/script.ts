import type { FailureClass } from "../../core/call.ts";
import { formatDuration } from "../../core/duration.ts";
import { AppError, type ErrorRecord, toErrorRecord } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";

/** How one attempt of a step ends. */
export type AttemptEnding = {
  /** Milliseconds from its start. */
  readonly takesMs: number;
} & (
  | { readonly type: "output"; readonly output: Json }
  | {
      readonly type: "error";
      readonly error: ErrorRecord;
      readonly isRetryable: boolean;
      /** Of the call that failed; a step may try again only after some. */
      readonly failureClass?: FailureClass;
    }
);

/** How the attempts of a step end, the first one first. */
export interface Script {
  /** Never empty. */
  readonly attempts: readonly AttemptEnding[];
  /** Whether the last one also stands for every attempt after it. */
  readonly isForAll: boolean;
}

/**
 * How an attempt ends by its script; undefined if the script does not say.
 * @param attempt 1-based. @param timeoutMs of the step: an attempt that takes longer ends there, with `step_timeout`
 */
export function scripted(
  script: Script | undefined,
  attempt: number,
  timeoutMs: number | undefined,
): AttemptEnding | undefined {
  const ending = script?.attempts[attempt - 1] ?? (script?.isForAll ? script.attempts.at(-1) : undefined);
  if (!ending || timeoutMs === undefined || ending.takesMs <= timeoutMs) return ending;
  const message = `The attempt took longer than the step's timeout of ${formatDuration(timeoutMs)}.`;
  const error = toErrorRecord(new AppError("step_timeout", { message }));
  return { type: "error", error, isRetryable: true, failureClass: "timeout", takesMs: timeoutMs };
}

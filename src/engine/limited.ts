import { formatDuration } from "../core/duration.ts";
import { AppError, toErrorRecord } from "../core/errors.ts";
import type { StepOutcome } from "../steps/handler.ts";

/** Why an attempt is told to end before its time: the reason of its signal. */
export type StopReason =
  /** The step's time is over. */
  | "step_timeout"
  /** The lock was lost: another execution takes over, and what this one brings is refused then. */
  | "fence_lost"
  /** Nobody wants the step any more: the run was cancelled, or has ended otherwise. */
  | "abandoned"
  /** The worker process ends: the job goes back to the queue, without a spent attempt. */
  | "stopping";

/** Why a step waits whose worker gave its job back. */
const handedBack: Readonly<Record<Exclude<StopReason, "step_timeout">, string>> = {
  abandoned: "nobody wants it any more",
  fence_lost: "its worker lost the job's lock; another execution takes over",
  stopping: "handed back by a worker that stops",
};

/** How long a handler may take to end after its signal fired, in order to report what it did. Then it is left alone. */
const lastWordsMs = 1_000;

/** Whether an outcome says that the worker gave the job back: because it stops, lost the lock, or was told that nobody wants the step. */
export function isHandBack(outcome: StepOutcome): boolean {
  return outcome.type === "deferred" && Object.values(handedBack).includes(outcome.reason);
}

/**
 * Runs a handler under the step's time limit. @param stop the attempt's own controller: fires at the limit, and whenever the worker fires it.
 * @returns the handler's outcome, where it succeeded or parked the step also after a signal; at the limit `step_timeout` (retryable), after a stop `deferred` for now.
 */
export async function limited(
  timeoutMs: number,
  stop: AbortController,
  execute: (signal: AbortSignal) => Promise<StepOutcome>,
): Promise<StepOutcome> {
  const { signal } = stop;
  const limit = setTimeout(() => stop.abort("step_timeout" satisfies StopReason), timeoutMs);
  let lastWords: NodeJS.Timeout | undefined;
  const silence = new Promise<undefined>((over) => {
    const listen = () => {
      lastWords = setTimeout(() => over(undefined), lastWordsMs);
    };
    if (signal.aborted) listen();
    else signal.addEventListener("abort", listen, { once: true });
  });
  try {
    const outcome = await Promise.race([execute(signal), silence]);
    return outcome && (!signal.aborted || outcome.type === "succeeded" || outcome.type === "parked")
      ? outcome
      : interrupted(signal, timeoutMs, outcome);
  } finally {
    clearTimeout(limit);
    clearTimeout(lastWords);
  }
}

function interrupted(signal: AbortSignal, timeoutMs: number, outcome: StepOutcome | undefined): StepOutcome {
  const report = outcome?.report ?? { calls: [] };
  const reason = signal.reason as StopReason;
  if (reason !== "step_timeout") {
    return {
      type: "deferred",
      error: toErrorRecord(new AppError("cancelled")),
      delayMs: 0,
      reason: handedBack[reason],
      report,
    };
  }
  const message = `The attempt took longer than the step's timeout of ${formatDuration(timeoutMs)}.`;
  return { type: "failed", error: toErrorRecord(new AppError("step_timeout", { message })), retryable: true, report };
}

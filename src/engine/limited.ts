import { AppError, toErrorRecord } from "../core/errors.ts";
import { formatDuration } from "../core/duration.ts";
import type { StepOutcome } from "../steps/handler.ts";

/** Why an attempt is told to end before its time. */
export type StopReason =
  /** Another execution or nobody at all is wanted now: what this one brings is refused anyway. */
  | "fence_lost"
  /** The worker process ends: the job goes back to the queue, without a spent attempt. */
  | "stopping";

/** Fires with a {@link StopReason}. */
export type StopSignal = AbortSignal;

const handedBack = "handed back by a worker that stops";

/** How long a handler may take to end after its signal fired, in order to report what it did. Then it is left alone. */
const lastWordsMs = 1_000;

/** Whether an outcome says that a stopping worker gives the job back. */
export function handBack(outcome: StepOutcome): boolean {
  return outcome.type === "deferred" && outcome.reason === handedBack;
}

/**
 * Runs a handler under the step's time limit and the worker's stop signal.
 * @returns the handler's outcome; at the deadline `step_timeout` (retryable), after a stop `deferred` for now.
 */
export async function limited(
  deadline: number,
  timeoutMs: number,
  stop: StopSignal,
  execute: (signal: AbortSignal, deadline: number) => Promise<StepOutcome>,
): Promise<StepOutcome> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort("step_timeout"), timeoutMs);
  const signal = AbortSignal.any([timeout.signal, stop]);
  let lastWords: NodeJS.Timeout | undefined;
  const given = new Promise<undefined>((up) => {
    const start = () => {
      lastWords = setTimeout(() => up(undefined), lastWordsMs);
    };
    if (signal.aborted) start();
    else signal.addEventListener("abort", start, { once: true });
  });
  try {
    const outcome = await Promise.race([execute(signal, deadline), given]);
    if (!signal.aborted || outcome?.type === "succeeded") return outcome ?? interrupted(stop, timeoutMs, undefined);
    return interrupted(stop, timeoutMs, outcome);
  } finally {
    clearTimeout(timer);
    clearTimeout(lastWords);
  }
}

function interrupted(stop: StopSignal, timeoutMs: number, outcome: StepOutcome | undefined): StepOutcome {
  const report = outcome?.report ?? { calls: [] };
  if (stop.aborted) {
    return { type: "deferred", error: toErrorRecord(new AppError("cancelled")), delayMs: 0, reason: handedBack, report };
  }
  const message = `The attempt took longer than the step's timeout of ${formatDuration(timeoutMs)}.`;
  return { type: "failed", error: toErrorRecord(new AppError("step_timeout", { message })), retryable: true, report };
}

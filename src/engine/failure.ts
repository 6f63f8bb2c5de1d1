import type { EventBody } from "../core/run.ts";
import type { StepOutcome } from "../steps/handler.ts";
import type { CompiledStep, RetryPolicy } from "../workflow/compiled.ts";
import type { Delivery } from "./state.ts";

/** Wait before the next attempt. @param attempt that has just failed, 1-based. @returns milliseconds: doubling from the policy's backoff, jittered +-20 %. */
export function backoffMs(policy: RetryPolicy, attempt: number, random: number): number {
  const full = Math.min(policy.backoffMs * 2 ** (attempt - 1), policy.maxBackoffMs);
  return Math.round(full * (0.8 + 0.4 * random));
}

/** Whether another attempt may help, and the step wants one after such a failure. */
export function mayRetry(
  { retryable, error, report }: StepOutcome & { readonly type: "failed" },
  { on }: RetryPolicy,
): boolean {
  if (!retryable || on === null) return retryable;
  const failed = report.calls.at(-1)?.failure?.class ?? (error.code === "step_timeout" ? "timeout" : undefined);
  return failed !== undefined && on.includes(failed);
}

/** What a failure for good means to the run: its end, or an output in the place of the one that did not come. */
export function failedDelivery(
  { id: actor, onError }: CompiledStep,
  epoch: number,
  event: EventBody & { readonly type: "step.failed" },
): Delivery {
  if (onError.type === "fail") return { actor, epoch, type: "error", error: event.error, event };
  return { actor, epoch, type: "done", output: onError.output, event: { ...event, tolerated: true } };
}

import type { EventBody } from "../../core/run.ts";
import type { CompiledStep, RetryPolicy } from "../../workflow/compiled.ts";
import { backoffMs } from "../failure.ts";
import type { Delivery } from "../state.ts";
import type { AttemptEnding } from "./script.ts";
import type { DueOfActor } from "./world.ts";

/** What follows from the end of an attempt: another one, or the end of its step. */
export type AttemptEnd =
  | { readonly type: "retry"; readonly event: EventBody; readonly delayMs: number }
  | { readonly type: "delivery"; readonly delivery: Delivery };

/** Decides by the step's policy what follows from the end of an attempt. Pure. @param step undefined: the workflow has none of that id */
export function attemptEnd(
  { actor, epoch, attempt, ending }: Extract<DueOfActor, { type: "end" }>,
  step: CompiledStep | undefined,
): AttemptEnd {
  const head = { step: actor, attempt, calls: [] };
  if (ending.type === "output") {
    const event: EventBody = { type: "step.succeeded", ...head, served: null };
    return { type: "delivery", delivery: { type: "done", actor, epoch, output: ending.output, event } };
  }
  const { error } = ending;
  if (step && attempt < step.retry.attempts && mayRetry(ending, step.retry)) {
    const delayMs = backoffMs(step.retry, attempt, 0.5);
    return { type: "retry", event: { type: "step.retrying", ...head, error, delayMs }, delayMs };
  }
  const event: EventBody = { type: "step.failed", ...head, error };
  if (step?.onError.type !== "go_on")
    return { type: "delivery", delivery: { type: "error", actor, epoch, error, event } };
  const { output } = step.onError;
  return { type: "delivery", delivery: { type: "done", actor, epoch, output, event: { ...event, tolerated: true } } };
}

function mayRetry(
  { isRetryable, failureClass }: Extract<AttemptEnding, { type: "error" }>,
  { on }: RetryPolicy,
): boolean {
  return isRetryable && (on === null || (failureClass !== undefined && on.includes(failureClass)));
}

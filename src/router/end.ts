import type { CallRecord } from "../core/call.ts";
import type { LlmAnswer } from "../providers/provider.ts";
import type { RouteContext } from "./context.ts";
import { failedError, rejectedError, unableError, unavailableError } from "./errors.ts";
import { type RoutedRequest, standingOf } from "./request.ts";
import type { RouteOutcome } from "./router.ts";
import { waitFor } from "./standing.ts";

/** The outcome of a request that was answered. */
export function answered(routed: RoutedRequest, answer: LlmAnswer, call: CallRecord): RouteOutcome {
  const served = {
    provider: call.provider,
    modelAsked: routed.options.hints.model ?? null,
    modelServed: answer.model || call.model,
    usage: answer.usage,
    costUsd: call.costUsd,
  };
  return { type: "answered", answer, served, calls: routed.calls, decision: routed.decided.decision };
}

/** The outcome of a request that no other call can help. */
export function rejected(routed: RoutedRequest): RouteOutcome {
  return {
    type: "rejected",
    error: rejectedError(routed.calls),
    calls: routed.calls,
    decision: routed.decided.decision,
  };
}

/** The outcome of a request whose answer broke off when a part of it had been told. */
export function broken(routed: RoutedRequest): RouteOutcome {
  const { calls, options } = routed;
  if (options.signal.aborted && calls.at(-1)?.failure?.class === "cancelled") return cancelled(routed);
  const error = failedError(calls, "The answer broke off after its first part.");
  return { type: "failed", error, calls, decision: routed.decided.decision };
}

/** The outcome of a request whose caller went away between two calls. */
export function cancelled(routed: RoutedRequest): RouteOutcome {
  const error = { code: "cancelled", message: "The caller ended the request." };
  return { type: "rejected", error, calls: routed.calls, decision: routed.decided.decision };
}

/**
 * The outcome of a request that has nobody left to ask: `unavailable` if every target is out now, so that it costs no attempt to wait;
 * else `failed`. Where no model is able to serve it: `rejected`. @param why what ended it, if it was a budget
 */
export function exhausted(routed: RoutedRequest, context: Pick<RouteContext, "random">, why?: string): RouteOutcome {
  const { calls, pool, unable, snapshot } = routed;
  const { decision } = routed.decided;
  const blocked = pool.flatMap((target) => {
    const { block } = standingOf(target, routed);
    return block ? [{ target, block }] : [];
  });
  if (pool.length === 0 && unable.length > 0) {
    return { type: "rejected", error: unableError(unable), calls, decision };
  }
  if (pool.length === 0 || blocked.length < pool.length) {
    return { type: "failed", error: failedError(calls, why), calls, decision };
  }
  const retryAfterMs = Math.min(...blocked.map(({ block }) => waitFor(block, snapshot.now, context.random())));
  return { type: "unavailable", error: unavailableError(blocked, retryAfterMs, calls), retryAfterMs, calls, decision };
}

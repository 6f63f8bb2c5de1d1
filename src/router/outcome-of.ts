import type { FailureClass } from "../core/call.ts";
import { assertNever } from "../core/errors.ts";
import type { CallFailure } from "../providers/provider.ts";
import type { Outcome } from "./breaker.ts";
import { rules } from "./rules.ts";

/** What a failure says about its target's health. */
export function healthOf(
  failureClass: FailureClass,
  failure: Pick<CallFailure, "retryAfterMs">,
): Pick<Outcome, "kind" | "ms"> {
  switch (failureClass) {
    case "overloaded":
    case "server":
    case "timeout":
    case "network":
    case "malformed":
      // A 503 may carry Retry-After too; pages of proxies say an hour at times, which nobody means.
      return { kind: "failed", ms: Math.min(failure.retryAfterMs ?? 0, rules.longestOpenMs) };
    case "rate_limited":
      return { kind: "limited", ms: failure.retryAfterMs ?? rules.limitedMs };
    case "not_found":
      return { kind: "gone", ms: rules.refusedMs };
    case "auth":
      return { kind: "auth", ms: rules.refusedMs };
    case "caller":
    case "context_length":
    case "content_filtered":
    case "cancelled":
      return { kind: "neutral", ms: 0 };
    default:
      return assertNever(failureClass);
  }
}

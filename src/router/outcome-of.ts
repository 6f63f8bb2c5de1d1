import type { FailureClass } from "../core/call.ts";
import { assertNever } from "../core/errors.ts";
import type { CallFailure } from "../providers/provider.ts";
import type { Outcome } from "./breaker.ts";
import { rules } from "./rules.ts";

/** What a failure says about its target's health. */
export function healthOf(failureClass: FailureClass, failure: CallFailure): Pick<Outcome, "kind" | "ms"> {
  switch (failureClass) {
    case "overloaded":
    case "server":
    case "timeout":
    case "network":
    case "malformed":
      return { kind: "failed", ms: 0 };
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

import type { ErrorCode } from "../core/catalogue.ts";
import { assertNever } from "../core/errors.ts";
import type { RouteOutcome } from "../router/router.ts";
import type { StepOutcome } from "./handler.ts";

/** Why nobody may be called, where waiting helps nobody: somebody must correct the settings. */
const needsPeople: ReadonlySet<string> = new Set<ErrorCode>(["provider_auth", "provider_model_not_found"]);

/** What becomes of an attempt whose request no model has answered. */
export function unanswered(
  outcome: Exclude<RouteOutcome, { type: "answered" }>,
  report: StepOutcome["report"],
): StepOutcome {
  const { error } = outcome;
  switch (outcome.type) {
    case "rejected":
      return { type: "failed", error, retryable: false, report };
    case "failed":
      return { type: "failed", error, retryable: true, report };
    case "unavailable":
      if (needsPeople.has(error.code)) return { type: "failed", error, retryable: false, report };
      return { type: "deferred", error, delayMs: outcome.retryAfterMs, reason: error.message, report };
    default:
      return assertNever(outcome);
  }
}

import { catalogue, type ErrorCode } from "../../core/catalogue.ts";
import { AppError, type ErrorRecord } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Route } from "../route.ts";

/** Errors of `POST /api/request`: a failure that no policy is to blame for, with the status of its code. */
export const requestProblem: NonNullable<Route["problem"]> = (error) => ({
  status: error.status,
  body: { ...failureBody(error), ...budgetOf(error) },
});

/** Errors of everything else. What exists not is `NOT_FOUND` there, whatever it is. */
export const resourceProblem: NonNullable<Route["problem"]> = (error) => ({
  status: error.status,
  body: {
    error: {
      code: error.status === 404 ? "NOT_FOUND" : error.code.toUpperCase(),
      message: error.message,
      ...(error.problems.length > 0 ? { problems: error.problems as unknown as JsonObject[] } : {}),
    },
    ...(error.code === "plan_conflict" ? { current_version: error.details.version ?? null } : {}),
  },
});

/** The members that tell a failure. `error_code` is a code of the error catalogue. */
export function failureBody({ code, message, problems }: Pick<AppError, "code" | "message" | "problems">): JsonObject {
  const listed = problems.length > 0 ? { problems: problems as unknown as JsonObject[] } : {};
  return { success: false, blocked: false, error: message, error_code: code, ...listed };
}

/** What a run or a routed request failed with, as an error to be answered. */
export function asError({ code, message, details, problems }: ErrorRecord): AppError {
  const known = Object.hasOwn(catalogue, code) ? (code as ErrorCode) : "internal";
  return new AppError(known, { message, details, problems });
}

/** Clients take a 402 for an answer where it says which budget is spent. */
function budgetOf({ status, details }: AppError): JsonObject {
  if (status !== 402) return {};
  const number = (name: string) => (typeof details[name] === "number" ? details[name] : 0);
  const [usedUsd, limitUsd] = [number("spentUsd"), number("usd")];
  return {
    budget_info: {
      budget_id: details.budget ?? null,
      budget_name: details.budget ?? null,
      used_usd: usedUsd,
      limit_usd: limitUsd,
      percentage: limitUsd > 0 ? Math.round((usedUsd / limitUsd) * 100) : 100,
      exceeded: true,
      action: "block",
    },
  };
}

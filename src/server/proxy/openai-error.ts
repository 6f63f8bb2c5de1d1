import type { AppError } from "../../core/errors.ts";
import { isJsonObject } from "../../core/json.ts";
import type { WireProblem } from "./codec.ts";

/**
 * An error as OpenAI's clients expect it. They try again after 408, 409, 429 and 5xx: so what the request itself is at fault for is a 4xx of another kind, and a provider's
 * rate limit that nobody could go around is a 429.
 */
export function openaiError(error: AppError): WireProblem {
  const status = statusOf(error);
  const [first] = error.problems;
  const { calls } = error.details;
  return {
    status,
    body: {
      error: {
        message: error.message,
        type: typeOf(status),
        param: first === undefined || first.path === "" ? null : first.path,
        code: codes[error.code] ?? (status === 429 ? "rate_limit_exceeded" : error.code),
      },
      switchyard: { code: error.code, fix: error.fix, ...(calls === undefined ? {} : { calls }) },
    },
  };
}

/** Codes that OpenAI's clients know by another name. */
const codes: Readonly<Record<string, string>> = {
  context_length: "context_length_exceeded",
  content_filtered: "content_filter",
};

/** The status of an error on the vendors' routes. Where it differs from the catalogue's, the vendors' clients mean something else by that one. */
export function statusOf({ code, status, details }: AppError): number {
  const isLimited = (code === "provider_failed" || code === "provider_unavailable") && areLimited(details);
  if (isLimited) return 429;
  // What a vendor refuses with 400: its clients choose the class of their error by it.
  return status === 422 ? 400 : status;
}

/** Whether every call that was made met a rate limit. */
function areLimited({ calls }: AppError["details"]): boolean {
  if (!Array.isArray(calls) || calls.length === 0) return false;
  return calls.every((call) => isJsonObject(call) && call.class === "rate_limited");
}

function typeOf(status: number): string {
  const types: Readonly<Record<number, string>> = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
  };
  return types[status] ?? (status < 500 ? "invalid_request_error" : "server_error");
}

import type { AppError } from "../../core/errors.ts";
import type { WireProblem } from "./codec.ts";
import { statusOf } from "./openai-error.ts";

const types: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};

/** An error as Anthropic's clients read it: they choose its class by the status, and try again after 408, 409, 429 and 5xx. */
export function anthropicError(error: AppError): WireProblem {
  const { message, code, fix, details } = error;
  const usual = statusOf(error);
  const status = code === "provider_unavailable" && usual === 503 ? 529 : usual;
  const type = types[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
  const { calls } = details;
  return {
    status,
    body: {
      type: "error",
      error: { type, message },
      switchyard: { code, fix, ...(calls === undefined ? {} : { calls }) },
    },
  };
}

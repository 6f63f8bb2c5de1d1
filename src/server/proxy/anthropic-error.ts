import type { AppError } from "../../core/errors.ts";
import type { WireProblem } from "./codec.ts";

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

/** An error as Anthropic's clients read it. `code` is the catalogue's, which they leave alone. */
export function anthropicError(error: AppError): WireProblem {
  const { message, code } = error;
  const status = statusOf(error);
  const type = types[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
  return { status, body: { type: "error", error: { type, message, code } } };
}

/** The status that Anthropic answers such an error with: its clients choose their error's class by it. */
function statusOf({ status, code }: AppError): number {
  if (status === 422) return 400;
  return code === "provider_unavailable" ? 529 : status;
}

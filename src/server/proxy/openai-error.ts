import type { AppError } from "../../core/errors.ts";
import type { WireProblem } from "./codec.ts";

const types: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "insufficient_quota",
  403: "permission_error",
  404: "not_found_error",
  429: "rate_limit_error",
};

/** An error as OpenAI's clients read it. `code` is the catalogue's, `param` the first place that is wrong. */
export function openaiError(error: AppError): WireProblem {
  const { message, code, problems } = error;
  // What a vendor's own API refuses with 400; their clients choose the error's class by it.
  const status = error.status === 422 ? 400 : error.status;
  const type = types[status] ?? (status < 500 ? "invalid_request_error" : "server_error");
  return { status, body: { error: { message, type, param: problems[0]?.path ?? null, code } } };
}

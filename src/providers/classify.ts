import { APICallError } from "@ai-sdk/provider";
import type { FailureClass } from "../core/call.ts";
import { isJsonObject } from "../core/json.ts";
import { CallFailure } from "./provider.ts";
import { retryAfterMs } from "./reset.ts";
import { classOf, readVendorError, saidNothing } from "./vendor-error.ts";

/** What is known around a failure besides the thrown thing. */
export interface FailureContext {
  /** The caller's signal: aborted means that the caller ended the call. */
  readonly signal: AbortSignal;
  /** Which of the call's own times is over; undefined: none. */
  readonly overdue: Error | undefined;
  /** Status of the answer, if one had begun. */
  readonly answered: number | undefined;
  readonly nowMs: number;
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
}

/** Any thrown thing as a classified failure. Router and workers never look at texts again. */
export function classify(error: unknown, context: FailureContext): CallFailure {
  const fail = (
    failureClass: FailureClass,
    message: string,
    options: ConstructorParameters<typeof CallFailure>[2] = {},
  ) => new CallFailure(failureClass, context.redact(message).slice(0, 1_000), options);
  if (error instanceof CallFailure) return fail(error.class, error.message, error);
  if (context.signal.aborted) {
    return nameOf(context.signal.reason) === "TimeoutError"
      ? fail("timeout", "The call was still going on when its time was over.")
      : fail("cancelled", "The caller ended the call.");
  }
  if (context.overdue) return fail("timeout", messageOf(context.overdue));
  if (APICallError.isInstance(error) && error.statusCode !== undefined) {
    // For an error inside a stream a package may make a status up.
    return ofAnswer(error, context.answered ?? error.statusCode, context, fail);
  }
  const network = networkFault(error);
  if (network && context.answered !== undefined) return ofBrokenAnswer(context.answered, network.message, fail);
  if (network) return fail(network.class, network.message);
  if (APICallError.isInstance(error)) return fail("network", `No connection was made: ${error.message}`);
  return ofBrokenAnswer(context.answered ?? null, messageOf(error), fail);
}

type Fail = (
  failureClass: FailureClass,
  message: string,
  options?: { httpStatus?: number | null; retryAfterMs?: number | null },
) => CallFailure;

/** An answer that began and cannot be read to its end. One that began with an error's status stays that error. */
function ofBrokenAnswer(httpStatus: number | null, why: string, fail: Fail): CallFailure {
  const failureClass = (httpStatus ?? 0) < 400 ? "malformed" : classOf(httpStatus ?? 0, saidNothing);
  return fail(failureClass, `The provider's answer could not be read: ${why}`, { httpStatus });
}

function ofAnswer(error: APICallError, httpStatus: number, context: FailureContext, fail: Fail): CallFailure {
  const headers = error.responseHeaders ?? {};
  if (httpStatus >= 300 && httpStatus < 400) {
    const message = `HTTP ${httpStatus}: it points to ${headers.location ?? "another address"}, and redirects are not followed. Set \`endpoint\` to the address itself.`;
    return fail("malformed", message, { httpStatus });
  }
  if (httpStatus < 400) {
    const said = readVendorError(error.responseBody).message;
    const why = said ?? (networkFault(error.cause) ? "it was cut off" : error.message);
    return fail("malformed", `HTTP ${httpStatus} with an answer that is not whole: ${why}`, { httpStatus });
  }
  const vendor = readVendorError(error.responseBody, headers["x-amzn-errortype"]);
  const asked = retryAfterMs(headers, context.nowMs) ?? vendor.retryAfterMs;
  const failureClass = classOf(httpStatus, vendor, asked !== null);
  const message = vendor.message ?? (error.message || "no message");
  return fail(failureClass, `HTTP ${httpStatus}: ${message}`, { httpStatus, retryAfterMs: asked });
}

const timeoutCodes = /^(UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT|ETIMEDOUT)$/;

/** The socket's or resolver's fault inside an error, looking through its causes. */
function networkFault(error: unknown): { readonly class: "network" | "timeout"; readonly message: string } | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    const code = "code" in at && typeof at.code === "string" ? at.code : "";
    if (timeoutCodes.test(code)) return { class: "timeout", message: `No connection or answer in time (${code}).` };
    const [, status] = /^Proxy response \((\d+)\)/.exec(at.message) ?? [];
    if (status) return { class: "network", message: `The proxy refused the connection (HTTP ${status}).` };
    if (/^(UNABLE_TO_\w+|SELF_SIGNED_\w+|DEPTH_ZERO_\w+)$/.test(code)) {
      const fix = "name the file of its authority's certificate with `ca`";
      return { class: "network", message: `The endpoint's certificate is not trusted (${code}): ${fix}.` };
    }
    if (/^(E[A-Z]{3,}|UND_ERR_[A-Z_]+|ERR_(TLS|SSL)\w*|HPE_\w+|\w*CERT\w*)$/.test(code)) {
      return { class: "network", message: `The connection failed (${code}).` };
    }
    if (at instanceof TypeError && /^(fetch failed|terminated|other side closed)$/.test(at.message) && !at.cause) {
      return { class: "network", message: `The connection failed (${at.message}).` };
    }
  }
  return undefined;
}

function nameOf(reason: unknown): string {
  return reason instanceof Error || reason instanceof DOMException ? reason.name : "";
}

function messageOf(error: unknown): string {
  if (isJsonObject(error) && typeof error.message === "string") return error.message;
  return error instanceof Error ? error.message : typeof error === "string" ? error : JSON.stringify(error);
}

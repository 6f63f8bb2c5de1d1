import { APICallError } from "@ai-sdk/provider";
import type { FailureClass } from "../core/call.ts";
import { isJsonObject } from "../core/json.ts";
import { CallFailure } from "./provider.ts";
import { retryAfterMs } from "./reset.ts";

/** What is known around a failure besides the thrown thing. */
export interface FailureContext {
  /** The caller's signal: aborted means that the caller ended the call. */
  readonly signal: AbortSignal;
  /** Fires when the call's own time is over. */
  readonly timeout: AbortSignal;
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
  if (context.timeout.aborted) return fail("timeout", "The provider did not answer within its timeout.");
  if (APICallError.isInstance(error) && error.statusCode !== undefined)
    return ofAnswer(error, error.statusCode, context, fail);
  const network = networkFault(error);
  if (network) return fail(network.class, network.message);
  if (APICallError.isInstance(error)) return fail("network", `No connection was made: ${error.message}`);
  return fail("malformed", `The provider's answer could not be read: ${messageOf(error)}`);
}

type Fail = (
  failureClass: FailureClass,
  message: string,
  options?: { httpStatus?: number | null; retryAfterMs?: number | null },
) => CallFailure;

function ofAnswer(error: APICallError, httpStatus: number, context: FailureContext, fail: Fail): CallFailure {
  if (httpStatus < 400) {
    const said = vendorError(error.responseBody).message;
    const why = said ?? (networkFault(error.cause) ? "it was cut off" : error.message);
    return fail("malformed", `HTTP ${httpStatus} with an answer that is not whole: ${why}`, { httpStatus });
  }
  const vendor = vendorError(error.responseBody);
  const asked = retryAfterMs(error.responseHeaders ?? {}, context.nowMs);
  const failureClass = ofStatus(httpStatus, vendor, asked !== null);
  const message = vendor.message ?? (error.message || "no message");
  return fail(failureClass, `HTTP ${httpStatus}: ${message}`, { httpStatus, retryAfterMs: asked });
}

/** What a vendor's error body says, in the words of either vendor. */
interface VendorError {
  readonly code: string;
  readonly message: string | undefined;
}

function vendorError(body: string | undefined): VendorError {
  const parsed = parse(body);
  const error = isJsonObject(parsed) ? (isJsonObject(parsed.error) ? parsed.error : parsed) : undefined;
  if (!error) return { code: "", message: typeof parsed === "string" ? parsed : undefined };
  const words = [error.code, error.type].filter((word) => typeof word === "string");
  const message = [error.message, isJsonObject(parsed) ? parsed.error : undefined].find(
    (text) => typeof text === "string",
  );
  return { code: words.join(" "), message };
}

function parse(body: string | undefined): unknown {
  try {
    return JSON.parse(body ?? "");
  } catch {
    // Not JSON (a proxy's page): the status alone decides.
    return undefined;
  }
}

function ofStatus(status: number, vendor: VendorError, hasRetryAfter: boolean): FailureClass {
  if (status < 500 && isUnpaid(vendor) && !hasRetryAfter) return "auth";
  switch (status) {
    case 401:
    case 402:
    case 403:
      return "auth";
    case 404:
    case 410:
      return "not_found";
    case 408:
      return "timeout";
    case 409:
    case 425:
      return "server";
    case 429:
      return "rate_limited";
    case 503:
    case 529:
      return "overloaded";
    default:
  }
  if (status >= 500) return "server";
  if (isTooLong(vendor)) return "context_length";
  if (/content_filter|content_policy|responsible_ai/i.test(vendor.code)) return "content_filtered";
  if (/model_not_found/.test(vendor.code)) return "not_found";
  return "caller";
}

/** The key's account cannot pay: OpenAI says so with 429 and a code, Anthropic with 400 and a sentence. Waiting a moment helps neither. */
function isUnpaid({ code, message }: VendorError): boolean {
  return (
    /insufficient_quota|billing_hard_limit|billing_not_active|billing_error/.test(code) ||
    /credit balance is too low/i.test(message ?? "")
  );
}

/** OpenAI and most of its kin have a code. Anthropic and vLLM have only a sentence, the same for years. */
function isTooLong({ code, message }: VendorError): boolean {
  return (
    /context_length_exceeded|exceed_context_size/i.test(code) ||
    /prompt is too long|maximum context length|exceed(s|ed)? (the )?(available )?context (size|window|limit)/i.test(
      message ?? "",
    )
  );
}

const timeoutCodes = /^(UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT|ETIMEDOUT)$/;

/** The socket's or resolver's fault inside an error, looking through its causes. */
function networkFault(error: unknown): { readonly class: "network" | "timeout"; readonly message: string } | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    const code = "code" in at && typeof at.code === "string" ? at.code : "";
    if (timeoutCodes.test(code)) return { class: "timeout", message: `No connection or answer in time (${code}).` };
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
  return error instanceof Error ? error.message : String(error);
}

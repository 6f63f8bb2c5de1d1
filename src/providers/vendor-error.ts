import type { FailureClass } from "../core/call.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";

/** What a vendor's error answer says, in the words of any vendor. */
export interface VendorError {
  /** Its codes, types and reasons, one after the other. */
  readonly code: string;
  readonly message: string | undefined;
  /** How long it asks to be left alone, where its body says so. */
  readonly retryAfterMs: number | null;
}

/** A body that cannot be read says nothing: the status alone decides. */
export const saidNothing: VendorError = { code: "", message: undefined, retryAfterMs: null };

/** Reads an error's body. @param errorType AWS's header, `ThrottlingException:http://...` */
export function readVendorError(body: string | undefined, errorType = ""): VendorError {
  const parsed = parse(body);
  const error = isJsonObject(parsed) ? (isJsonObject(parsed.error) ? parsed.error : parsed) : undefined;
  if (!error) return { ...saidNothing, code: errorType, message: typeof parsed === "string" ? parsed : undefined };
  const details = Array.isArray(error.details) ? error.details.filter(isJsonObject) : [];
  const reasons = details.map((detail) => detail.reason);
  const words = [errorType, error.code, error.type, error.__type, error.status, ...reasons].filter(
    (word) => typeof word === "string",
  );
  const message = [error.message, isJsonObject(parsed) ? parsed.error : undefined].find(
    (text) => typeof text === "string",
  );
  return { code: words.join(" "), message, retryAfterMs: googleDelayMs(details) };
}

/** Google has no Retry-After: `{"@type": ".../google.rpc.RetryInfo", "retryDelay": "37.5s"}` among the details. */
function googleDelayMs(details: readonly JsonObject[]): number | null {
  for (const { retryDelay } of details) {
    const [, seconds] = (typeof retryDelay === "string" && /^(\d+(?:\.\d+)?)s$/.exec(retryDelay)) || [];
    if (seconds !== undefined) return Math.min(Math.ceil(Number(seconds) * 1_000), 86_400_000);
  }
  return null;
}

function parse(body: string | undefined): unknown {
  try {
    return JSON.parse(body ?? "");
  } catch {
    return undefined;
  }
}

const byStatus: Readonly<Record<number, FailureClass>> = {
  401: "auth",
  402: "auth",
  403: "auth",
  404: "not_found",
  408: "timeout",
  409: "server",
  410: "not_found",
  // Bedrock: the model failed while it answered.
  424: "server",
  425: "server",
  429: "rate_limited",
  503: "overloaded",
  529: "overloaded",
};

/** The class of an error answer: by its status, unless the vendor says what it means by it. @param status 400 or more */
export function classOf(status: number, vendor: VendorError, asksToWait = false): FailureClass {
  const meant = status < 500 ? meantBy(vendor, asksToWait) : undefined;
  return meant ?? byStatus[status] ?? (status >= 500 ? "server" : wrongRequest(vendor));
}

/** What a vendor means where its status says something else, or too little. */
function meantBy(vendor: VendorError, asksToWait: boolean): FailureClass | undefined {
  const { code, message = "" } = vendor;
  if (isUnpaid(vendor) && !asksToWait) return "auth";
  // Google: 400 for a wrong key, and for an account that may not use it from where it is.
  if (/API_KEY_INVALID|FAILED_PRECONDITION/.test(code)) return "auth";
  // AWS: signatures and tokens fail with 400 at times; a model that was not granted is 403, and no fault of the credentials.
  if (/ExpiredToken|UnrecognizedClient|InvalidSignature|IncompleteSignature|MissingAuthentication/.test(code))
    return "auth";
  if (/ServiceQuotaExceeded/.test(code)) return "rate_limited";
  if (/access to the model|model identifier is invalid|on-demand throughput isn.t supported/i.test(message)) {
    return "not_found";
  }
  return undefined;
}

/** What is wrong with a request that is refused as such. */
function wrongRequest(vendor: VendorError): FailureClass {
  if (isTooLong(vendor)) return "context_length";
  if (/content_filter|content_policy|responsible_?ai/i.test(vendor.code)) return "content_filtered";
  return /model_not_found/.test(vendor.code) ? "not_found" : "caller";
}

/** The key's account cannot pay: OpenAI says so with 429 and a code, Anthropic with 400 and a sentence. Waiting a moment helps neither. */
function isUnpaid({ code, message }: VendorError): boolean {
  return (
    /insufficient_quota|billing_hard_limit|billing_not_active|billing_error/.test(code) ||
    /credit balance is too low/i.test(message ?? "")
  );
}

/** OpenAI and most of its kin have a code. The others have only a sentence, the same for years. */
function isTooLong({ code, message }: VendorError): boolean {
  return (
    /context_length_exceeded|exceed_context_size/i.test(code) ||
    /prompt is too long|input is too long|maximum context length|input token count.*exceeds|exceed(s|ed)? (the )?(available )?context (size|window|limit)/i.test(
      message ?? "",
    )
  );
}

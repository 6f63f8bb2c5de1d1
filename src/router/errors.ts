import type { CallRecord, FailureClass } from "../core/call.ts";
import type { ErrorCode } from "../core/catalogue.ts";
import type { ErrorRecord } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { Block } from "./availability.ts";
import type { Candidate } from "./candidates.ts";
import type { Target } from "./target.ts";

const rejections: Partial<Record<FailureClass, ErrorCode>> = {
  caller: "provider_rejected",
  content_filtered: "content_filtered",
  context_length: "context_length",
  cancelled: "cancelled",
};

/** The error of a request that no other provider can help: what the last call said. */
export function rejectedError(calls: readonly CallRecord[]): ErrorRecord {
  const last = calls.at(-1);
  const code = rejections[last?.failure?.class ?? "caller"] ?? "provider_rejected";
  return { code, message: last ? sentence(last) : "The request cannot be served.", details: details(calls) };
}

/** The error of a request whose calls all failed. @param why what ended it, if it was not the lack of targets */
export function failedError(calls: readonly CallRecord[], why?: string): ErrorRecord {
  const classes = new Set(calls.map((call) => call.failure?.class));
  const only = classes.size === 1 ? [...classes][0] : undefined;
  const code: ErrorCode =
    only === "auth" ? "provider_auth" : only === "not_found" ? "provider_model_not_found" : "provider_failed";
  const last = new Map(calls.map((call) => [`${call.provider}/${call.model}`, sentence(call)]));
  const parts = [...(why ? [why] : []), ...last.values()];
  return { code, message: parts.join(" ") || "No call was made.", details: details(calls) };
}

/** The error of a request that is too much for every model that may serve it. */
export function unableError(unable: readonly Candidate[]): ErrorRecord {
  const lacks = new Set(unable.map(({ inability }) => inability?.lack));
  const code: ErrorCode = lacks.size === 1 && lacks.has("context") ? "context_length" : "no_able_model";
  const reasons = unable.map(({ provider, inability }) => `${provider}: ${inability?.reason}`);
  const message = `No model that may serve the request is able to: ${reasons.join("; ")}.`;
  return { code, message, details: { providers: unable.map(({ provider }) => provider) } };
}

/** The error of a request that nobody may serve now. */
export function unavailableError(
  blocked: readonly { readonly target: Target; readonly block: Block }[],
  retryAfterMs: number,
  calls: readonly CallRecord[],
): ErrorRecord {
  const kinds = new Set(blocked.map(({ block }) => block.kind));
  const only = kinds.size === 1 ? [...kinds][0] : undefined;
  const code: ErrorCode =
    only === "auth" ? "provider_auth" : only === "gone" ? "provider_model_not_found" : "provider_unavailable";
  const reasons = blocked.map(({ target, block }) => `${target.provider} (${target.model}) is ${block.reason}`);
  const message = `No provider may be called now: ${reasons.join("; ")}.`;
  return {
    code,
    message,
    details: { ...details(calls), retryAfterMs, providers: blocked.map((b) => b.target.provider) },
  };
}

function sentence({ provider, model, failure }: CallRecord): string {
  return `${provider} (${model}) failed: ${failure?.class}: ${failure?.message}`;
}

function details(calls: readonly CallRecord[]): Readonly<Record<string, Json>> {
  if (calls.length === 0) return {};
  return {
    calls: calls.map(({ provider, model, failure }) => ({
      provider,
      model,
      class: failure?.class ?? null,
      status: failure?.status ?? null,
      message: failure?.message ?? null,
    })),
  };
}

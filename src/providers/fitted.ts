import type { Capabilities } from "../core/capabilities.ts";
import type { LlmRequest } from "./request.ts";

/** A request as a model can take it, and what had to give way. */
export interface Fitted {
  readonly request: LlmRequest;
  readonly warnings: readonly string[];
}

/** Fits a request to what is known of a model. What nobody knows is sent as it is: the vendor says what it thinks of it. */
export function fitted(request: LlmRequest, model: string, { reasoning, maxOutput }: Capabilities): Fitted {
  const { reasoning: asked, ...rest } = request;
  const warnings: string[] = [];
  let sent = request;
  if (asked !== undefined && reasoning === false) {
    sent = rest;
    warnings.push(`reasoning: ${model} has none`);
  }
  if (maxOutput !== null && (request.maxTokens ?? 0) > maxOutput) {
    sent = { ...sent, maxTokens: maxOutput };
    warnings.push(`max tokens: ${model} writes at most ${maxOutput}`);
  }
  return { request: sent, warnings };
}

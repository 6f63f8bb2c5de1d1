import type { SharedV3ProviderOptions } from "@ai-sdk/provider";
import type { LlmRequest } from "./request.ts";
import { isStrictSchema } from "./strict-schema.ts";

/** What a vendor's package takes beyond the common: its own name, its own options. */
export type VendorOptions = SharedV3ProviderOptions;

type Reasoning = NonNullable<LlmRequest["reasoning"]>;

/** Tokens that a model may think, where the vendor counts them. */
export const budget: Readonly<Record<Reasoning, number>> = {
  low: 2_048,
  medium: 8_192,
  high: 24_576,
};

/** Whether OpenAI's kind may hold the answer to the schema by force; see {@link isStrictSchema}. */
export function strictness({ outputSchema }: LlmRequest): { readonly strictJsonSchema?: boolean } {
  return outputSchema ? { strictJsonSchema: isStrictSchema(outputSchema) } : {};
}

/** How much OpenAI's kind shall think. */
export function effort({ reasoning }: LlmRequest): { readonly reasoningEffort?: string } {
  return reasoning ? { reasoningEffort: reasoning } : {};
}

/** How much Claude shall think: the newer ones by effort, the older ones by tokens. Any vendor's name of the model. */
export function claudeThought(model: string, reasoning: Reasoning) {
  const isAdaptive = /claude-[a-z]+-(4-[6-9]|[5-9])/.test(model);
  return isAdaptive
    ? ({ type: "adaptive", effort: reasoning } as const)
    : ({ type: "enabled", budgetTokens: budget[reasoning] } as const);
}

/** A key as most endpoints take it. */
export function bearer(apiKey: string | null): Readonly<Record<string, string>> {
  return apiKey === null ? {} : { authorization: `Bearer ${apiKey}` };
}

import type { SharedV3ProviderOptions } from "@ai-sdk/provider";
import type { LlmRequest } from "./request.ts";
import { isStrictSchema } from "./strict-schema.ts";

/** What a vendor's package takes beyond the common: its own name, its own options. */
export type VendorOptions = SharedV3ProviderOptions;

/** Tokens that a model may think, where the vendor counts them. */
export const budget: Readonly<Record<NonNullable<LlmRequest["reasoning"]>, number>> = {
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

/** A key as most endpoints take it. */
export function bearer(apiKey: string | null): Readonly<Record<string, string>> {
  return apiKey === null ? {} : { authorization: `Bearer ${apiKey}` };
}

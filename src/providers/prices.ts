import { calcPrice } from "@pydantic/genai-prices";
import type { Usage } from "../core/call.ts";

/** How a provider's calls are priced. */
export interface Pricing {
  /** Vendor in the price table; null: its models have no public price. */
  readonly vendor: string | null;
  /** USD per 1,000 tokens of any kind, in place of the table. */
  readonly perThousand: number | undefined;
}

/** USD of a call. Null: the price or the tokens are unknown; never 0 for want of knowledge. */
export function costUsd(pricing: Pricing, model: string, usage: Usage): number | null {
  const { inputTokens, outputTokens, cachedInputTokens } = usage;
  if (pricing.perThousand === 0) return 0;
  if (inputTokens === null || outputTokens === null) return null;
  if (pricing.perThousand !== undefined) return ((inputTokens + outputTokens) * pricing.perThousand) / 1_000;
  if (pricing.vendor === null) return null;
  const tokens = {
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    cache_read_tokens: Math.min(cachedInputTokens ?? 0, inputTokens),
  };
  return calcPrice(tokens, model, { providerId: pricing.vendor })?.total_price ?? null;
}

/** Tokens that fit into a model's context window by the price table, or null. */
export function contextWindow(pricing: Pricing, model: string): number | null {
  if (pricing.vendor === null) return null;
  return calcPrice({ input_tokens: 0 }, model, { providerId: pricing.vendor })?.model.context_window ?? null;
}

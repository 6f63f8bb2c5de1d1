import { calcPrice } from "@pydantic/genai-prices";
import type { Price, Usage } from "../core/call.ts";

/** How a provider's calls are priced. */
export interface Pricing {
  /** Vendor in the price table; null: its models have no public price. */
  readonly vendor: string | null;
  /** USD per 1,000 tokens of any kind, in place of the table. */
  readonly perThousand: number | undefined;
  /** True: costs nothing where the settings say nothing. */
  readonly free?: boolean;
}

/**
 * A price per 1,000 tokens that is in force now, in place of the one that the settings had at the start. Undefined: that one. Null: none, so the
 * table decides.
 */
export type LivePrice = number | null | undefined;

/** USD of a call. Null: the price or the tokens are unknown; never 0 for want of knowledge. */
export function costUsd(pricing: Pricing, model: string, usage: Usage, live?: LivePrice): number | null {
  const { inputTokens, outputTokens, cachedInputTokens } = usage;
  const flat = flatPrice(pricing, live);
  if (flat === 0) return 0;
  if (inputTokens === null || outputTokens === null) return null;
  if (flat !== undefined) return ((inputTokens + outputTokens) * flat) / 1_000;
  if (pricing.vendor === null) return null;
  const tokens = {
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    cache_read_tokens: Math.min(cachedInputTokens ?? 0, inputTokens),
  };
  return calcPrice(tokens, model, { providerId: pricing.vendor })?.total_price ?? null;
}

/** What a model's tokens cost. Null: unknown. Of a price in steps, the first step. */
export function priceOf(pricing: Pricing, model: string, live?: LivePrice): Price | null {
  const flat = flatPrice(pricing, live);
  if (flat !== undefined) {
    const source = setPrice(pricing, live) === undefined ? "table" : "settings";
    return { inputPerMillion: flat * 1_000, outputPerMillion: flat * 1_000, source };
  }
  if (pricing.vendor === null) return null;
  const prices = calcPrice({}, model, { providerId: pricing.vendor })?.model_price;
  const inputPerMillion = base(prices?.input_mtok);
  const outputPerMillion = base(prices?.output_mtok);
  if (inputPerMillion === undefined || outputPerMillion === undefined) return null;
  return { inputPerMillion, outputPerMillion, source: "table" };
}

/** Tokens that fit into a model's context window by the price table, or null. */
export function contextWindow(pricing: Pricing, model: string): number | null {
  if (pricing.vendor === null) return null;
  return calcPrice({ input_tokens: 0 }, model, { providerId: pricing.vendor })?.model.context_window ?? null;
}

function setPrice(pricing: Pricing, live: LivePrice): number | undefined {
  return live === undefined ? pricing.perThousand : (live ?? undefined);
}

function flatPrice(pricing: Pricing, live: LivePrice): number | undefined {
  return setPrice(pricing, live) ?? (pricing.free ? 0 : undefined);
}

function base(price: number | { readonly base: number } | undefined): number | undefined {
  return typeof price === "object" ? price.base : price;
}

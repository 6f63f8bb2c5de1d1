import { createAnthropic } from "@ai-sdk/anthropic";
import { createEndpoint, type ProviderContext } from "./endpoint.ts";
import type { Provider } from "./provider.ts";
import { anthropicModels } from "./vendor-models.ts";
import { budget, type VendorOptions } from "./vendor-options.ts";

/** Anthropic, through its messages. */
export function anthropic(context: ProviderContext): Provider {
  const baseURL = context.settings.endpoint;
  return createEndpoint(context, {
    pattern: anthropicModels,
    pricing: { vendor: "anthropic", perThousand: context.costPerThousand },
    open({ apiKey, fetch }) {
      const vendor = createAnthropic({ baseURL, apiKey: apiKey ?? "", fetch });
      return (model) => vendor.messages(model);
    },
    // The package turns a budget into adaptive thought where a model knows only that.
    vendorOptions: ({ reasoning }): VendorOptions =>
      reasoning ? { anthropic: { thinking: { type: "enabled", budgetTokens: budget[reasoning] } } } : {},
    probe: (apiKey) => ({
      url: `${baseURL}/models?limit=1`,
      headers: { "x-api-key": apiKey ?? "", "anthropic-version": "2023-06-01" },
    }),
  });
}

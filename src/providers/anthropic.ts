import { createAnthropic } from "@ai-sdk/anthropic";
import { createEndpoint, type ProviderContext } from "./endpoint.ts";
import { claudeKnown } from "./known-models.ts";
import { messagesWay } from "./passing/anthropic-messages.ts";
import type { Provider } from "./provider.ts";
import { anthropicModels } from "./vendor-models.ts";
import { claudeThought, type VendorOptions } from "./vendor-options.ts";

/** Anthropic, through its messages. */
export function anthropic(context: ProviderContext): Provider {
  const baseURL = context.settings.endpoint;
  return createEndpoint(context, {
    pattern: anthropicModels,
    pricing: { vendor: "anthropic", perThousand: context.costPerThousand },
    known: claudeKnown,
    open({ apiKey, fetch }) {
      const vendor = createAnthropic({ baseURL, apiKey: apiKey ?? "", fetch });
      return (model) => vendor.messages(model);
    },
    vendorOptions({ reasoning }, model): VendorOptions {
      if (reasoning === undefined) return {};
      const thought = claudeThought(model, reasoning);
      if (thought.type === "enabled") return { anthropic: { thinking: thought } };
      return { anthropic: { thinking: { type: "adaptive" }, effort: thought.effort } };
    },
    ways: [messagesWay(baseURL)],
    probe: (apiKey) => ({
      url: `${baseURL}/models?limit=1`,
      headers: { "x-api-key": apiKey ?? "", "anthropic-version": "2023-06-01" },
    }),
  });
}

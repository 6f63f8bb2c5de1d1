import { createAnthropic } from "@ai-sdk/anthropic";
import { createEndpoint, type ProviderContext } from "./endpoint.ts";
import type { Provider } from "./provider.ts";
import { anthropicModels } from "./vendor-models.ts";

/** Anthropic, through its messages. */
export function anthropic(context: ProviderContext): Provider {
  return createEndpoint(context, {
    pattern: anthropicModels,
    pricing: { vendor: "anthropic", perThousand: context.costPerThousand },
    open({ apiKey, fetch }) {
      const baseURL = context.settings.endpoint;
      const vendor = createAnthropic({ baseURL, apiKey: apiKey ?? "", fetch });
      return (model) => vendor.messages(model);
    },
  });
}

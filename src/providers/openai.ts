import { createOpenAI } from "@ai-sdk/openai";
import { createEndpoint, type ProviderContext } from "./endpoint.ts";
import type { Provider } from "./provider.ts";
import { openaiModels } from "./vendor-models.ts";

/** OpenAI, through its chat completions. */
export function openai(context: ProviderContext): Provider {
  return createEndpoint(context, {
    pattern: openaiModels,
    pricing: { vendor: "openai", perThousand: context.costPerThousand },
    open({ apiKey, fetch }) {
      const baseURL = context.settings.endpoint;
      const vendor = createOpenAI({ baseURL, apiKey: apiKey ?? "", fetch });
      return (model) => vendor.chat(model);
    },
  });
}

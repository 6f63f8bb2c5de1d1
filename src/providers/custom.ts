import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { createEndpoint, type ProviderContext } from "./endpoint.ts";
import type { Provider } from "./provider.ts";

/** Any endpoint that speaks OpenAI's chat completions: vLLM, LM Studio, a gateway of one's own. Its prices are unknown unless set. */
export function custom(context: ProviderContext): Provider {
  return createEndpoint(context, {
    pricing: { vendor: null, perThousand: context.costPerThousand },
    open({ apiKey, fetch }) {
      const { endpoint: baseURL, name, structuredOutputs } = context.settings;
      const vendor = createOpenAICompatible({
        name,
        baseURL,
        fetch,
        ...(apiKey === null ? {} : { apiKey }),
        includeUsage: true,
        supportsStructuredOutputs: structuredOutputs,
      });
      return (model) => vendor.chatModel(model);
    },
  });
}

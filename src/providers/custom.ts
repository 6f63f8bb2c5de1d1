import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { type Access, createEndpoint, type ProviderContext } from "./endpoint.ts";
import { chatWay } from "./passing/chat-way.ts";
import type { Provider } from "./provider.ts";
import { bearer, effort, strictness } from "./vendor-options.ts";

/** Any endpoint that speaks OpenAI's chat completions: vLLM, LM Studio, a gateway of one's own. Its prices are unknown unless set. */
export function custom(context: ProviderContext): Provider {
  const { endpoint: baseURL, name, structuredOutputs } = context.settings;
  const open = ({ apiKey, fetch }: Access) =>
    createOpenAICompatible({
      name,
      baseURL,
      fetch,
      ...(apiKey === null ? {} : { apiKey }),
      includeUsage: true,
      supportsStructuredOutputs: structuredOutputs,
    });
  return createEndpoint(context, {
    pricing: { vendor: null, perThousand: context.costPerThousand },
    open: (access) => open(access).chatModel,
    openEmbeddings: (access) => open(access).embeddingModel,
    ways: [chatWay(context.settings.endpoint)],
    shortened: (dimensions) => ({ openaiCompatible: { dimensions } }),
    vendorOptions: (request) => ({ openaiCompatible: { ...strictness(request), ...effort(request) } }),
    // Not every endpoint lists its models; one that answers so much is up.
    probe: (apiKey) => ({
      url: `${context.settings.endpoint}/models`,
      headers: bearer(apiKey),
      fine: [404, 405],
    }),
  });
}

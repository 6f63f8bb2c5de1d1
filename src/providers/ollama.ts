import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { type Access, createEndpoint, type ProviderContext } from "./endpoint.ts";
import { ollamaKnown } from "./known-models.ts";
import { chatWay } from "./passing/chat-way.ts";
import type { Provider } from "./provider.ts";
import { ollamaModels } from "./vendor-models.ts";
import { bearer, effort, strictness } from "./vendor-options.ts";

/** Ollama, through its OpenAI-compatible /v1. Costs nothing unless the settings say so. */
export function ollama(context: ProviderContext): Provider {
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
    pattern: ollamaModels,
    pricing: { vendor: null, perThousand: context.costPerThousand, free: true },
    known: ollamaKnown,
    open: (access) => open(access).chatModel,
    openEmbeddings: (access) => open(access).embeddingModel,
    ways: [chatWay(context.settings.endpoint)],
    shortened: (dimensions) => ({ openaiCompatible: { dimensions } }),
    vendorOptions: (request) => ({ openaiCompatible: { ...strictness(request), ...effort(request) } }),
    probe: (apiKey) => ({
      url: `${context.settings.endpoint.replace(/\/v1$/, "")}/api/tags`,
      headers: bearer(apiKey),
    }),
  });
}

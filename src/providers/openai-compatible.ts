import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { Access, EndpointOptions, ProviderContext } from "./endpoint.ts";
import { chatWay } from "./passing/chat-way.ts";
import { effort, strictness } from "./vendor-options.ts";

/** What all endpoints have in common that speak OpenAI's chat completions without being OpenAI's. */
export function openaiCompatible({ settings }: ProviderContext) {
  const { endpoint: baseURL, name, structuredOutputs } = settings;
  const open = ({ apiKey, fetch }: Access) =>
    createOpenAICompatible({
      name,
      baseURL,
      fetch,
      ...(apiKey === null ? {} : { apiKey }),
      includeUsage: true,
      supportsStructuredOutputs: structuredOutputs,
    });
  return {
    open: (access) => open(access).chatModel,
    openEmbeddings: (access) => open(access).embeddingModel,
    ways: [chatWay(baseURL)],
    shortened: (dimensions) => ({ openaiCompatible: { dimensions } }),
    vendorOptions: (request) => ({ openaiCompatible: { ...strictness(request), ...effort(request) } }),
  } satisfies Partial<EndpointOptions>;
}

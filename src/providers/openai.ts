import { createOpenAI } from "@ai-sdk/openai";
import { type Access, createEndpoint, type ProviderContext } from "./endpoint.ts";
import { openaiKnown } from "./known-models.ts";
import { chatWay } from "./passing/chat-way.ts";
import { responsesWay } from "./passing/openai-responses.ts";
import type { PassageWay } from "./passing/passage.ts";
import type { Provider } from "./provider.ts";
import { notCompleted, stateless } from "./responses.ts";
import { openaiModels } from "./vendor-models.ts";
import { bearer, effort, strictness } from "./vendor-options.ts";

/** OpenAI, through its chat completions or its responses. */
export function openai(context: ProviderContext): Provider {
  const { endpoint: baseURL, api } = context.settings;
  const open = ({ apiKey, fetch }: Access) => createOpenAI({ baseURL, apiKey: apiKey ?? "", fetch });
  return createEndpoint(context, {
    pattern: openaiModels,
    pricing: { vendor: "openai", perThousand: context.costPerThousand },
    known: openaiKnown,
    open(access) {
      const vendor = open(access);
      return (model) => (api === "responses" ? vendor.responses(model) : vendor.chat(model));
    },
    openEmbeddings: (access) => open(access).embeddingModel,
    shortened: (dimensions) => ({ openai: { dimensions } }),
    vendorOptions: (request) => ({
      openai: { ...strictness(request), ...effort(request), ...(api === "responses" ? stateless(request) : {}) },
    }),
    ...(api === "responses" ? { objection: notCompleted } : {}),
    ways: waysOf(context.settings),
    probe: (apiKey) => ({ url: `${baseURL}/models`, headers: bearer(apiKey) }),
  });
}

/** OpenAI's own address takes both formats; what else answers like OpenAI is known to take the one that the settings name. */
function waysOf({ endpoint, api }: ProviderContext["settings"]): readonly PassageWay[] {
  const isOpenai = /^https:\/\/([\w-]+\.)?api\.openai\.com(\/|$)/.test(endpoint);
  return [
    ...(isOpenai || api !== "responses" ? [chatWay(endpoint)] : []),
    ...(isOpenai || api === "responses" ? [responsesWay(endpoint)] : []),
  ];
}

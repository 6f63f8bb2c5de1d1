import { createAzure } from "@ai-sdk/azure";
import { type Access, createEndpoint, type ProviderContext } from "./endpoint.ts";
import { newerOpenai } from "./known-models.ts";
import { azureChatWay } from "./passing/chat-way.ts";
import { azureResponsesWay } from "./passing/openai-responses.ts";
import type { Provider } from "./provider.ts";
import { notCompleted, stateless } from "./responses.ts";
import { effort, strictness } from "./vendor-options.ts";

/**
 * Azure OpenAI, through its chat completions or its responses. A model's name is the name of a deployment. Without an API version: Azure's
 * `/openai/v1`; with one: the older addresses by deployment, for chat completions. Its prices are found where the deployment bears the model's name.
 */
export function azureOpenai(context: ProviderContext): Provider {
  const { api, apiVersion, endpoint } = context.settings;
  const root = endpoint.replace(/\/openai(\/v1)?$/, "");
  const open = ({ apiKey, fetch }: Access) => {
    const address =
      apiVersion === null
        ? { baseURL: `${root}/openai/v1` }
        : { baseURL: `${root}/openai`, apiVersion, useDeploymentBasedUrls: true };
    return createAzure({ ...address, apiKey: apiKey ?? "", fetch });
  };
  return createEndpoint(context, {
    pricing: { vendor: "azure", perThousand: context.costPerThousand },
    known: newerOpenai,
    open(access) {
      const vendor = open(access);
      return (deployment) => (api === "responses" ? vendor.responses(deployment) : vendor.chat(deployment));
    },
    openEmbeddings: (access) => open(access).embeddingModel,
    shortened: (dimensions) => ({ openai: { dimensions } }),
    vendorOptions: (request) => ({
      openai: { ...strictness(request), ...effort(request), ...(api === "responses" ? stateless(request) : {}) },
    }),
    ...(api === "responses" ? { objection: notCompleted } : {}),
    ways: [api === "responses" ? azureResponsesWay(root) : azureChatWay(root, apiVersion)],
    probe: (apiKey) => ({ url: `${root}/openai/v1/models`, headers: { "api-key": apiKey ?? "" } }),
  });
}

import { createOpenAI } from "@ai-sdk/openai";
import { createEndpoint, type ProviderContext } from "./endpoint.ts";
import type { Provider } from "./provider.ts";
import { notCompleted, stateless } from "./responses.ts";
import { openaiModels } from "./vendor-models.ts";
import { bearer, effort, strictness } from "./vendor-options.ts";

/** OpenAI, through its chat completions or its responses. */
export function openai(context: ProviderContext): Provider {
  const { endpoint: baseURL, api } = context.settings;
  return createEndpoint(context, {
    pattern: openaiModels,
    pricing: { vendor: "openai", perThousand: context.costPerThousand },
    open({ apiKey, fetch }) {
      const vendor = createOpenAI({ baseURL, apiKey: apiKey ?? "", fetch });
      return (model) => (api === "responses" ? vendor.responses(model) : vendor.chat(model));
    },
    vendorOptions: (request, model) => ({
      openai: {
        ...strictness(request),
        ...(thinks(model) ? effort(request) : {}),
        ...(api === "responses" ? stateless(thinks(model) ? request : {}) : {}),
      },
    }),
    leftOut: ({ reasoning }, model) =>
      reasoning === undefined || thinks(model) ? [] : [`reasoning: ${model} has none`],
    ...(api === "responses" ? { objection: notCompleted } : {}),
    probe: (apiKey) => ({ url: `${baseURL}/models`, headers: bearer(apiKey) }),
  });
}

/** The older models refuse a request that asks for thought. */
function thinks(model: string): boolean {
  return !/^(ft:)?(gpt-[34]|chatgpt-4|davinci|babbage)/.test(model);
}

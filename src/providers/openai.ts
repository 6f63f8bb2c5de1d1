import { createOpenAI } from "@ai-sdk/openai";
import { createEndpoint, type ProviderContext } from "./endpoint.ts";
import type { Provider } from "./provider.ts";
import { openaiModels } from "./vendor-models.ts";
import { bearer, effort, strictness } from "./vendor-options.ts";

/** OpenAI, through its chat completions. */
export function openai(context: ProviderContext): Provider {
  const baseURL = context.settings.endpoint;
  return createEndpoint(context, {
    pattern: openaiModels,
    pricing: { vendor: "openai", perThousand: context.costPerThousand },
    open({ apiKey, fetch }) {
      const vendor = createOpenAI({ baseURL, apiKey: apiKey ?? "", fetch });
      return (model) => vendor.chat(model);
    },
    vendorOptions: (request, model) => ({
      openai: { ...strictness(request), ...(thinks(model) ? effort(request) : {}) },
    }),
    leftOut: ({ reasoning }, model) =>
      reasoning === undefined || thinks(model) ? [] : [`reasoning: ${model} has none`],
    probe: (apiKey) => ({ url: `${baseURL}/models`, headers: bearer(apiKey) }),
  });
}

/** The older models refuse a request that asks for thought. */
function thinks(model: string): boolean {
  return !/^(ft:)?(gpt-[34]|chatgpt-4|davinci|babbage)/.test(model);
}

import { createEndpoint, type ProviderContext } from "./endpoint.ts";
import { ollamaKnown } from "./known-models.ts";
import { openaiCompatible } from "./openai-compatible.ts";
import type { Provider } from "./provider.ts";
import { ollamaModels } from "./vendor-models.ts";
import { bearer } from "./vendor-options.ts";

/** Ollama, through its OpenAI-compatible /v1. Costs nothing unless the settings say so. */
export function ollama(context: ProviderContext): Provider {
  return createEndpoint(context, {
    ...openaiCompatible(context),
    pattern: ollamaModels,
    pricing: { vendor: null, perThousand: context.costPerThousand, free: true },
    known: ollamaKnown,
    probe: (apiKey) => ({
      url: `${context.settings.endpoint.replace(/\/v1$/, "")}/api/tags`,
      headers: bearer(apiKey),
    }),
  });
}

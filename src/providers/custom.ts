import { createEndpoint, type ProviderContext } from "./endpoint.ts";
import { openaiCompatible } from "./openai-compatible.ts";
import type { Provider } from "./provider.ts";
import { bearer } from "./vendor-options.ts";

/** Any endpoint that speaks OpenAI's chat completions: vLLM, LM Studio, a gateway of one's own. Its prices are unknown unless set. */
export function custom(context: ProviderContext): Provider {
  return createEndpoint(context, {
    ...openaiCompatible(context),
    pricing: { vendor: null, perThousand: context.costPerThousand },
    // Not every endpoint lists its models; one that answers so much is up.
    probe: (apiKey) => ({
      url: `${context.settings.endpoint}/models`,
      headers: bearer(apiKey),
      fine: [404, 405],
    }),
  });
}

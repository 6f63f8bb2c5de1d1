import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { type Access, createEndpoint, type ProviderContext } from "./endpoint.ts";
import { geminiKnown } from "./known-models.ts";
import type { Provider } from "./provider.ts";
import { geminiModels } from "./vendor-models.ts";
import { budget, type VendorOptions } from "./vendor-options.ts";

/** Google's Gemini, through generateContent. */
export function gemini(context: ProviderContext): Provider {
  const baseURL = context.settings.endpoint;
  const open = ({ apiKey, fetch }: Access) => createGoogleGenerativeAI({ baseURL, apiKey: apiKey ?? "", fetch });
  return createEndpoint(context, {
    pattern: geminiModels,
    pricing: { vendor: "google", perThousand: context.costPerThousand },
    known: geminiKnown,
    open(access) {
      const vendor = open(access);
      return (model) => vendor.chat(model);
    },
    openEmbeddings: (access) => open(access).embeddingModel,
    shortened: (outputDimensionality) => ({ google: { outputDimensionality } }),
    vendorOptions({ reasoning }, model): VendorOptions {
      if (reasoning === undefined) return {};
      const isOlder = /gemini-[12]\b/.test(model);
      const amount = isOlder ? { thinkingBudget: budget[reasoning] } : { thinkingLevel: reasoning };
      return { google: { thinkingConfig: { ...amount, includeThoughts: true } } };
    },
    probe: (apiKey) => ({ url: `${baseURL}/models?pageSize=1`, headers: { "x-goog-api-key": apiKey ?? "" } }),
  });
}

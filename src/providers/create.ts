import type { ProviderType, Settings } from "../config/settings.ts";
import { anthropic } from "./anthropic.ts";
import { azureOpenai } from "./azure-openai.ts";
import { bedrock } from "./bedrock.ts";
import { custom } from "./custom.ts";
import type { ProviderContext } from "./endpoint.ts";
import { gemini } from "./gemini.ts";
import { ollama } from "./ollama.ts";
import { openai } from "./openai.ts";
import type { Provider } from "./provider.ts";

const builders: Readonly<Record<ProviderType, (context: ProviderContext) => Provider>> = {
  openai,
  anthropic,
  "azure-openai": azureOpenai,
  gemini,
  ollama,
  bedrock,
  custom,
};

/** Builds every configured provider, by name, in the settings' order. Opens no connection yet. @param clock epoch milliseconds */
export function createProviders(settings: Settings, clock: () => number = Date.now): ReadonlyMap<string, Provider> {
  return new Map(
    settings.providers.map((provider) => [
      provider.name,
      builders[provider.type]({
        settings: provider,
        aliases: settings.models,
        costPerThousand: settings.routing.costs[provider.name],
        clock,
      }),
    ]),
  );
}

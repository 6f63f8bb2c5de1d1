import type { ProviderType, Settings } from "../config/settings.ts";
import { AppError } from "../core/errors.ts";
import { anthropic } from "./anthropic.ts";
import { azureOpenai } from "./azure-openai.ts";
import { bedrock } from "./bedrock.ts";
import { custom } from "./custom.ts";
import type { ProviderContext } from "./endpoint.ts";
import { gemini } from "./gemini.ts";
import { ollama } from "./ollama.ts";
import { openai } from "./openai.ts";
import type { Provider } from "./provider.ts";

const builders: Readonly<Record<Exclude<ProviderType, "plugin">, (context: ProviderContext) => Provider>> = {
  openai,
  anthropic,
  "azure-openai": azureOpenai,
  gemini,
  ollama,
  bedrock,
  custom,
};

/** What providers are built with besides the settings. */
export interface CreateOptions {
  /** The plug-ins of the same settings, see `loadPlugins`. Default: there are none. */
  readonly plugins?: ReadonlyMap<string, Provider>;
  /** Epoch milliseconds. Default: the system's. */
  readonly clock?: () => number;
}

/** Builds every configured provider, by name, in the settings' order. Opens no connection yet. */
export function createProviders(settings: Settings, options: CreateOptions = {}): ReadonlyMap<string, Provider> {
  const { plugins, clock = Date.now } = options;
  return new Map(
    settings.providers.map((provider) => {
      const { name, type } = provider;
      if (type !== "plugin") {
        const costPerThousand = settings.routing.costs[name];
        return [name, builders[type]({ settings: provider, aliases: settings.models, costPerThousand, clock })];
      }
      const plugin = plugins?.get(name);
      if (!plugin) throw new AppError("internal", { message: `The plug-in ${name} was not loaded.` });
      return [name, plugin];
    }),
  );
}

import { isJsonObject } from "../core/json.ts";
import { builtIns } from "./built-ins.ts";
import { unknownProvider } from "./known-names.ts";
import type { Problems } from "./problems.ts";
import type { ModelAliases, ProviderSettings } from "./settings.ts";
import type { Source } from "./source.ts";

/** Aliases that exist without being configured. A provider that is not named here serves them with its own model. */
const defaults: ModelAliases = {
  smart: { openai: "gpt-5.2", anthropic: "claude-sonnet-4-6" },
  fast: { openai: "gpt-5-mini", anthropic: "claude-haiku-4-5" },
};

/** The alias table: the file's `models:` laid over the defaults. Names of built-in providers are allowed before they are configured. */
export function readAliases(source: Source, providers: readonly ProviderSettings[], problems: Problems): ModelAliases {
  const table: Record<string, Record<string, string>> = {};
  for (const [alias, models] of Object.entries(defaults)) {
    table[alias] = { ...Object.fromEntries(providers.map(({ name, model }) => [name, model])), ...models };
  }
  const found = source.find(undefined, ["models"]);
  if (!found) return table;
  if (!isJsonObject(found.value)) {
    problems.add(found, "allowed: an alias with models by provider below it (smart: {openai: ..., anthropic: ...}).");
    return table;
  }
  const known = providers.map((provider) => provider.name);
  for (const [alias, models] of Object.entries(found.value)) {
    const origin = source.file.at(["models", alias]);
    if (!isJsonObject(models)) {
      problems.add(origin, "allowed: models by provider (openai: ..., anthropic: ...).");
      continue;
    }
    const row: Record<string, string> = { ...table[alias] };
    for (const [provider, model] of Object.entries(models)) {
      const at = source.file.at(["models", alias, provider]);
      if (!known.includes(provider) && !Object.hasOwn(builtIns, provider))
        problems.add(at, unknownProvider(provider, known));
      else if (typeof model !== "string" || model === "") problems.add(at, "allowed: a model's name.");
      else row[provider] = model;
    }
    table[alias] = row;
  }
  return table;
}

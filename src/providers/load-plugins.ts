import { settingsError } from "../config/problems.ts";
import { providerSecrets } from "../config/secrets.ts";
import type { PluginSettings, Settings } from "../config/settings.ts";
import type { Problem } from "../core/errors.ts";
import { createMask } from "../core/mask.ts";
import { Connection } from "./connection.ts";
import type { ProviderContext } from "./endpoint.ts";
import { httpFailure } from "./http-failure.ts";
import type { PluginFactory, ProviderPlugin } from "./plugin.ts";
import { pluginProvider } from "./plugin-provider.ts";
import type { Provider } from "./provider.ts";

/** How long a module may take to load and to build its provider. */
const loadMs = 10_000;

/** The members of a plug-in: which it cannot do without. */
const members: Readonly<Record<keyof ProviderPlugin, "needed" | "optional">> = {
  call: "needed",
  serves: "optional",
  price: "optional",
  costUsd: "optional",
  capabilities: "optional",
  check: "optional",
  close: "optional",
};

/**
 * Loads the plug-ins of the settings and builds their providers, by name. They open no connection before their first call, unless they do by themselves.
 * @param clock epoch milliseconds
 * @throws AppError invalid_settings - of each plug-in everything that is wrong: it does not load, has no default export, lacks members
 */
export async function loadPlugins(
  settings: Settings,
  clock: () => number = Date.now,
): Promise<ReadonlyMap<string, Provider>> {
  const problems: Problem[] = [];
  const loaded = new Map<string, Provider>();
  await Promise.all(
    settings.providers.map(async (provider) => {
      if (!provider.plugin) return;
      const { name } = provider;
      const costPerThousand = settings.routing.costs[name];
      const built = await build(provider.plugin, {
        settings: provider,
        aliases: settings.models,
        costPerThousand,
        clock,
      });
      if ("provider" in built) {
        loaded.set(name, built.provider);
        return;
      }
      const mask = createMask(providerSecrets(provider));
      problems.push(...built.problems.map((message) => ({ path: `providers.${name}.module`, message: mask(message) })));
    }),
  );
  if (problems.length === 0) return loaded;
  await Promise.all([...loaded.values()].map((provider) => provider.close()));
  throw settingsError(problems.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)));
}

type Built = { readonly provider: Provider } | { readonly problems: readonly string[] };

async function build({ module, url, options }: PluginSettings, context: ProviderContext): Promise<Built> {
  const connection = new Connection(context.settings);
  const refuse = async (...problems: string[]): Promise<Built> => {
    await connection.close();
    return { problems };
  };
  const imported = await settled(() => import(url));
  if ("failed" in imported) return refuse(`${module} cannot be loaded: ${imported.failed}`);
  const factory = factoryOf(imported.value);
  if (!factory) return refuse(noFactory(module, imported.value));
  const made = await settled(async () => factory({ ...context, options, httpFailure, fetch: connection.fetch }));
  if ("failed" in made) return refuse(`The function that ${module} exports failed: ${made.failed}`);
  const wrong = wrongWith(made.value);
  if (wrong.length > 0) return refuse(...wrong.map((what) => `What ${module} builds is no provider: ${what}`));
  return { provider: pluginProvider({ plugin: made.value as ProviderPlugin, context, connection }) };
}

/** The default export; of a CommonJS module that was an ES module once, the default export of its default export. */
function factoryOf(exported: unknown): PluginFactory | undefined {
  if (!hasMembers(exported)) return undefined;
  const { default: own } = exported;
  const inner = hasMembers(own) ? own.default : undefined;
  const found = typeof own === "function" ? own : inner;
  return typeof found === "function" ? (found as PluginFactory) : undefined;
}

function noFactory(module: string, exported: unknown): string {
  const wanted = "allowed: export default (context) => provider, a function.";
  const names = hasMembers(exported) ? Object.keys(exported) : [];
  if (names.includes("default")) return `The default export of ${module} is no function; ${wanted}`;
  return `${module} has no default export${names.length > 0 ? `, only ${names.join(", ")}` : ""}; ${wanted}`;
}

/** Everything that keeps a value from being a plug-in. */
function wrongWith(made: unknown): string[] {
  if (!hasMembers(made)) return [`it is ${made === null ? "null" : typeof made}; allowed: an object with \`call\`.`];
  return Object.entries(members).flatMap(([name, need]) => {
    const member = made[name];
    if (typeof member === "function" || (member === undefined && need === "optional")) return [];
    const isThere = member === undefined ? "it has none" : `it is ${member === null ? "null" : typeof member}`;
    return [`\`${name}\` must be a function${need === "optional" ? ", if it is there" : ""}; ${isThere}.`];
  });
}

function hasMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

async function settled<T>(work: () => Promise<T>): Promise<{ readonly value: T } | { readonly failed: string }> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not end within ${loadMs / 1_000} s.`)), loadMs);
  });
  try {
    return { value: await Promise.race([work(), over]) };
  } catch (error) {
    return {
      failed:
        error instanceof Error ? `${error.name === "Error" ? "" : `${error.name}: `}${error.message}` : String(error),
    };
  } finally {
    clearTimeout(timer);
  }
}

import type { Command } from "commander";
import type { CallRecord } from "../../core/call.ts";
import { type Capabilities, unknownCapabilities } from "../../core/capabilities.ts";
import { AppError } from "../../core/errors.ts";
import { didYouMean } from "../../core/suggest.ts";
import { type CliContext, exitWith, type GlobalOptions, type Register } from "../context.ts";
import { exitCodes } from "../failure.ts";
import { headedTable } from "../table.ts";
import { formatUsd } from "../watch/words.ts";

interface TestOptions extends GlobalOptions {
  readonly model?: string;
  readonly timeout?: string;
}

const defaultTimeout = "60s";

/** `switchyard providers list | test NAME`. Both go by the settings of this folder and environment; neither needs a server. */
export const registerProviders: Register = (program, context) => {
  const providers = program.command("providers").description("list the configured providers, and try one");
  providers
    .command("list")
    .description("the configured providers: model, endpoint, keys, price, context window, abilities")
    .action((_options, command: Command) => listProviders(command.optsWithGlobals(), context));
  providers
    .command("test")
    .description("make one small real call to a provider; the exit code is 1 unless it answers")
    .argument("<name>", "provider")
    .option("--model <model>", "in place of the provider's own")
    .option("--timeout <duration>", `how long it may take (default: ${defaultTimeout})`)
    .action((name: string, _options, command: Command) => testProvider(name, command.optsWithGlobals(), context));
};

/** The settings of this folder and environment, and the providers in them. */
async function providersHere(env: NodeJS.ProcessEnv, cwd: string) {
  const { loadSettings } = await import("../../config/load.ts");
  const { createProviders } = await import("../../providers/create.ts");
  const { loadPlugins } = await import("../../providers/load-plugins.ts");
  const settings = loadSettings({ env, cwd });
  return { settings, built: createProviders(settings, { plugins: await loadPlugins(settings) }) };
}

async function listProviders({ json }: GlobalOptions, { output, env, cwd }: CliContext): Promise<void> {
  const { settings, built } = await providersHere(env, cwd);
  const rows = settings.providers.map((provider) => {
    const { name, type, model, endpoint, plugin } = provider;
    const price = built.get(name)?.price(model) ?? null;
    const capabilitiesOf = (one: string) => built.get(name)?.capabilities(one) ?? unknownCapabilities;
    const ofAliases = Object.entries(settings.models).flatMap(([alias, row]) => {
      const served = row[name];
      return served === undefined ? [] : [[alias, { model: served, ...capabilitiesOf(served) }] as const];
    });
    const keys = provider.keys.map(({ label }) => label);
    return {
      name,
      type,
      model,
      endpoint,
      ...(plugin ? { module: plugin.module } : {}),
      keys,
      price,
      capabilities: capabilitiesOf(model),
      aliases: Object.fromEntries(ofAliases),
      enabled: settings.routing.enabled.includes(name),
    };
  });
  await Promise.all([...built.values()].map((provider) => provider.close()));
  if (json) return output.json({ providers: rows });
  if (rows.length === 0) throw new AppError("no_provider");
  const { dim } = output.paint;
  const heads = ["provider", "model", "keys", "$ in / out per 1M", "window", "can", "endpoint"];
  const cells = rows.map(({ name, model, keys, price, capabilities, endpoint, module, enabled }) => [
    enabled ? name : dim(`${name} (not enabled)`),
    model,
    keys.length === 0 ? dim("none") : String(keys.length),
    price ? `${price.inputPerMillion} / ${price.outputPerMillion}` : dim("unknown"),
    capabilities.contextWindow === null ? dim("unknown") : String(capabilities.contextWindow),
    abilities(capabilities).join(" ") || dim("text"),
    endpoint || (module ?? dim("by region")),
  ]);
  output.print(...headedTable(heads, cells, output.paint));
}

/** What a model can do; with a question mark what nobody has said. */
function abilities({ tools, images, jsonSchema, reasoning }: Capabilities): readonly string[] {
  const words = { tools, images, json: jsonSchema, reasoning };
  return Object.entries(words).flatMap(([word, can]) => (can === false ? [] : [can === null ? `${word}?` : word]));
}

async function testProvider(name: string, options: TestOptions, context: CliContext): Promise<void> {
  const { output, env, cwd } = context;
  const { tryProvider } = await import("../try-provider.ts");
  const { parseDuration } = await import("../../core/duration.ts");
  const timeoutMs = parseDuration(options.timeout ?? defaultTimeout);
  if (timeoutMs === undefined || timeoutMs < 1)
    throw new AppError("usage", { message: `--timeout ${options.timeout} is no duration; allowed: 500ms, 30s, 5m.` });
  const { built: providers } = await providersHere(env, cwd);
  try {
    const provider = providers.get(name);
    if (!provider) {
      const known = [...providers.keys()];
      if (known.length === 0) throw new AppError("no_provider");
      const message = `No provider is called ${name}. Configured: ${known.join(", ")}.${didYouMean(name, known)}`;
      throw new AppError("unknown_provider", { message, details: { provider: name, known } });
    }
    const tried = await tryProvider(provider, options.model ?? provider.defaultModel, timeoutMs);
    if (!tried.call.ok) exitWith(exitCodes.runFailed);
    if (options.json) return output.json(tried);
    output.print(...words(tried, output));
  } finally {
    await Promise.all([...providers.values()].map((provider) => provider.close()));
  }
}

function words(
  { call, text, advice }: { call: CallRecord; text: string; advice: string | null },
  output: CliContext["output"],
) {
  const { green, red, dim } = output.paint;
  const { provider, model, durationMs, usage, costUsd, failure, key } = call;
  const head = `${provider}/${model}${key === undefined || key === "default" ? "" : ` (${key})`}`;
  if (failure) {
    const status = failure.status === null ? "" : `, HTTP ${failure.status}`;
    return [
      `${red("✖")} ${head} failed after ${durationMs} ms: ${failure.class}${status}`,
      `  ${failure.message}`,
      `  fix: ${advice}`,
    ];
  }
  const tokens = `${usage?.inputTokens ?? "?"} tokens in, ${usage?.outputTokens ?? "?"} out`;
  return [
    `${green("✔")} ${head} answered in ${durationMs} ms: ${tokens}, ${costUsd === null ? "cost unknown" : formatUsd(costUsd)}`,
    dim(`  ${JSON.stringify(text.slice(0, 100))}`),
  ];
}

import type { Command } from "commander";
import { strategyNames } from "../../config/settings.ts";
import { type CliContext, clientFor, type GlobalOptions, type Register } from "../context.ts";
import { wholeNumber } from "../number-option.ts";
import { authorHere, type ChangeFlags, changeRouting } from "../route/change-routing.ts";
import { type ExplainFlags, explainRouting } from "../route/explain-routing.ts";
import { printHistory, printRouting, printShadows } from "../route/show-routing.ts";
import { registerRouteSimulate } from "../route/simulate.ts";

interface HistoryOptions extends GlobalOptions {
  readonly limit?: number;
}

/** `switchyard route ...`: the fleet's routing, looked at and changed while it runs. */
export const registerRoute: Register = (program, context) => {
  const route = program.command("route").description("look at the fleet's routing, and change it while it runs");
  for (const register of subcommands) register(route, context);
};

const registerShow: Register = (route, context) => {
  route
    .command("show")
    .description("what is in force, where each value comes from, and how each target stands")
    .action(async (_options, command: Command) => {
      const flags: GlobalOptions = command.optsWithGlobals();
      const report = await clientFor(flags, context).routing.show();
      if (flags.json) context.output.json(report);
      else printRouting(report, context.output);
    });
};

const forVersion = ["--if-version <n>", "only if this is the current version", wholeNumber(0)] as const;

const registerSet: Register = (route, context) => {
  route
    .command("set")
    .description("set one or more settings of the whole fleet, in one version")
    .argument("<settings...>", "KEY=VALUE, see below")
    .option(...forVersion)
    .addHelpText("after", setHelp)
    .action(async (words: readonly string[], _options, command: Command) => {
      // Loaded on use: the keys stand with the settings, which the other commands do not read.
      const { patchOfAssignments } = await import("../route/assignments.ts");
      const patch = patchOfAssignments(words);
      await changeRouting(command.optsWithGlobals<ChangeFlags>(), context, (routing, by) => routing.change(patch, by));
    });
  route
    .command("unset")
    .description("take settings back: the variable, the file or the default counts again")
    .argument("<keys...>", "keys as in `route set`, such as strategy or limits.openai.concurrency")
    .option(...forVersion)
    .action(async (words: readonly string[], _options, command: Command) => {
      const { patchOfUnset } = await import("../route/assignments.ts");
      const patch = patchOfUnset(words);
      await changeRouting(command.optsWithGlobals<ChangeFlags>(), context, (routing, by) => routing.change(patch, by));
    });
};

const registerProviders: Register = (route, context) => {
  const add = (name: string, description: string) =>
    route.command(name).description(description).argument("<provider>", "a configured provider");
  add("drain", "give a provider no new calls; those under way go on").action(
    (provider: string, _options, command: Command) =>
      changeRouting(command.optsWithGlobals(), context, (routing, by) => routing.drain(provider, by)),
  );
  add("undrain", "give a drained provider calls again; its share grows over 30 s").action(
    (provider: string, _options, command: Command) =>
      changeRouting(command.optsWithGlobals(), context, (routing, by) => routing.undrain(provider, by)),
  );
  add("reset", "forget a provider's breakers, rate limits and refused keys").action(
    (provider: string, _options, command: Command) => resetProvider(provider, command.optsWithGlobals(), context),
  );
};

const registerVersions: Register = (route, context) => {
  route
    .command("history")
    .description("who changed what, and when; newest first")
    .option("--limit <n>", "at most this many (default: 50)", wholeNumber(1, 200))
    .action(async (_options, command: Command) => {
      const { limit, ...flags }: HistoryOptions = command.optsWithGlobals();
      const versions = await clientFor(flags, context).routing.history({ limit });
      if (flags.json) context.output.json({ versions });
      else printHistory(versions, context.output);
    });
  route
    .command("rollback")
    .description("make a new version that equals an old one")
    .argument("<version>", "a version of `route history`; 0: nothing set at run time", wholeNumber(0))
    .option(...forVersion)
    .action((version: number, _options, command: Command) =>
      changeRouting(command.optsWithGlobals(), context, (routing, by) => routing.rollback(version, by)),
    );
};

const registerShadows: Register = (route, context) => {
  route
    .command("shadows")
    .description("what mirrored requests have shown, beside those that were answered")
    .action(async (_options, command: Command) => {
      const flags: GlobalOptions = command.optsWithGlobals();
      const shadows = await clientFor(flags, context).routing.shadows();
      if (flags.json) context.output.json({ shadows });
      else printShadows(shadows, context.output);
    });
};

const registerExplain: Register = (route, context) => {
  route
    .command("explain")
    .description("how a request would be routed now, and why; makes no call")
    .option("--provider <name>", "preferred provider")
    .option("--model <name>", "model, or an alias of the settings")
    .option("--strict", "with --provider: that one or an error")
    .option("--strategy <name>", `in place of the one in force: ${strategyNames.join(", ")}`)
    .option("--allow <names...>", "only these providers may serve")
    .option("--caller <id>", "who asks: weighted gives the same caller the same provider")
    .option("--tokens <n>", "tokens of the prompt (default: 500)", wholeNumber(0))
    .option("--max-tokens <n>", "most tokens of the answer (default: 1000)", wholeNumber(1))
    .action((_options, command: Command) => explainRouting(command.optsWithGlobals<ExplainFlags>(), context));
};

/** In the order of the help. */
const subcommands: readonly Register[] = [
  registerShow,
  registerSet,
  registerProviders,
  registerVersions,
  registerExplain,
  registerShadows,
  registerRouteSimulate,
];

async function resetProvider(provider: string, flags: GlobalOptions, context: CliContext): Promise<void> {
  const author = authorHere(context.env);
  const result = await clientFor(flags, context).routing.reset(provider, { author });
  if (flags.json) return context.output.json(result);
  const targets = result.targets === 1 ? "1 target" : `${result.targets} targets`;
  context.output.print(`${result.provider} is reset: ${targets} forgotten`);
}

const setHelp = `
Settings, as in switchyard.yaml below \`routing:\`:
  strategy=failover                 ${strategyNames.join(", ")}
  weights=openai:70,anthropic:30    one that is left out weighs 0
  default=openai                    first choice of failover
  enabled=openai,anthropic          in the order of failover
  drained=ollama                    enabled, but given no new calls; none
  costs=ollama:0,openai:0.03        USD per 1,000 tokens
  strict_default=true               a hint's provider is strict unless it says otherwise
  limits.openai.concurrency=10      also requests_per_minute, tokens_per_minute, usd_per_day; none
  limits.openai.keys.key-1.usd_per_day=5
  affinity=run                      steps of a run stay with one provider; none
  hedge_after=2s                    a second call if no token came by then; off
  shadow=ollama/llama3.2:0.1        mirror this share of the requests; off
  check_every=30s                   active checks; off

Example:
  switchyard route set strategy=weighted weights=openai:90,anthropic:10`;

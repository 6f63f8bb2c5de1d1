import { type Command, InvalidArgumentError, Option } from "commander";
import { type BudgetRequest, type BudgetStanding, budgetActions, budgetPeriods } from "../../core/budget.ts";
import { type CliContext, clientFor, fleetClientFor, type GlobalOptions, type Register } from "../context.ts";
import { authorHere } from "../route/change-routing.ts";
import { headedTable } from "../table.ts";
import { formatUsd } from "../watch/words.ts";

interface SetOptions extends GlobalOptions, Omit<BudgetRequest, "warn_at"> {
  readonly warnAt?: number;
}

/** `switchyard budgets`: what may be spent, and what happens then. */
export const registerBudgets: Register = (program, context) => {
  const budgets = program.command("budgets").description("what may be spent in a day or month, and what happens then");
  budgets
    .command("list")
    .description("how each stands")
    .action((_options, command: Command) => list(command.optsWithGlobals(), context));
  budgets
    .command("set")
    .description("set a budget of the whole fleet, or of one tenant, workflow or provider ('*': each has one)")
    .argument("<id>", "names it: letters, digits, . _ and -")
    .requiredOption("--usd <usd>", "how much", positive)
    .option("--tenant <name>", "what this tenant spends")
    .option("--workflow <name>", "what runs of this workflow spend")
    .option("--provider <name>", "what calls to this provider cost")
    .addOption(new Option("--period <period>", "how long, by UTC (default: month)").choices(budgetPeriods))
    .addOption(
      new Option("--action <action>", "what happens once it is spent (default: refuse)").choices(budgetActions),
    )
    .option("--warn-at <share>", "share of it, above 0 and up to 1, from which on it is told (default: 0.8)", positive)
    .option("--model <name>", "with --action downgrade: the model or alias that is asked for then")
    .action((id: string, _options, command: Command) => set(id, command.optsWithGlobals(), context));
  budgets
    .command("remove")
    .description("end a budget")
    .argument("<id>", "as `budgets list` shows it")
    .action((id: string, _options, command: Command) => remove(id, command.optsWithGlobals(), context));
};

function positive(text: string): number {
  const number = Number(text);
  if (text.trim() !== "" && Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError("Expected a number above 0.");
}

async function list(options: GlobalOptions, context: CliContext): Promise<void> {
  const { output } = context;
  const standings = await clientFor(options, context).budgets.list();
  if (options.json) return output.json({ budgets: standings });
  if (standings.length === 0) return output.note("No budgets. `switchyard budgets set ID --usd N` sets one.");
  const heads = ["budget", "counts", "spent", "of", "each", "then", "state", "until"];
  output.print(...headedTable(heads, standings.map(cells), output.paint));
}

function cells({ id, counts, spentUsd, usd, period, action, model, state, until }: BudgetStanding): string[] {
  const then = model === null ? action : `${action} to ${model}`;
  const at = new Date(until).toISOString().slice(0, 10);
  return [id, counts, formatUsd(spentUsd), formatUsd(usd), period, then, state, at];
}

async function set(
  id: string,
  { usd, tenant, workflow, provider, period, action, warnAt, model, ...options }: SetOptions,
  context: CliContext,
): Promise<void> {
  const { output } = context;
  const said = { usd, tenant, workflow, provider, period, action, model, warn_at: warnAt };
  const budget = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as unknown;
  const author = authorHere(context.env);
  const change = await fleetClientFor(options, context).budgets.set(id, budget as BudgetRequest, { author });
  if (options.json) return output.json(change);
  output.print(
    change.changed ? `budget ${id} is set (routing version ${change.version})` : `budget ${id} was so already`,
  );
  for (const warning of change.warnings) output.note(`warning: ${warning}`);
}

async function remove(id: string, options: GlobalOptions, context: CliContext): Promise<void> {
  const { output } = context;
  const change = await fleetClientFor(options, context).budgets.remove(id, { author: authorHere(context.env) });
  if (options.json) return output.json(change);
  output.print(`budget ${id} is gone (routing version ${change.version})`);
}

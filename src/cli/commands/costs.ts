import { type Command, InvalidArgumentError } from "commander";
import { type SpendDimension, type SpendGroup, type SpendUse, spendDimensions } from "../../core/spend.ts";
import { didYouMean } from "../../core/suggest.ts";
import { type CliContext, clientFor, type GlobalOptions, type Register } from "../context.ts";
import { wholeNumber } from "../number-option.ts";
import { headedTable } from "../table.ts";
import { formatUsd } from "../watch/words.ts";

interface CostsOptions extends GlobalOptions {
  readonly days: number;
  readonly by: readonly SpendDimension[];
}

/** `switchyard costs`: what the fleet's calls have used, summed by day, provider, model, key or workflow. */
export const registerCosts: Register = (program, context) => {
  program
    .command("costs")
    .description("what all calls have used: tokens and USD, by day and provider")
    .option("--days <n>", "this day (UTC) and those before it (default: 7)", wholeNumber(1, 400), 7)
    .option(
      "--by <names>",
      `what to sum by, with commas: ${spendDimensions.join(", ")} (default: day,provider)`,
      dimensions,
      ["day", "provider"],
    )
    .action((_options, command: Command) => showCosts(command.optsWithGlobals(), context));
};

function dimensions(text: string): readonly SpendDimension[] {
  const names = text.split(",").map((name) => name.trim());
  return [...new Set(names)].map((name) => {
    const found = spendDimensions.find((dimension) => dimension === name);
    if (found) return found;
    throw new InvalidArgumentError(`Allowed: ${spendDimensions.join(", ")}.${didYouMean(name, spendDimensions)}`);
  });
}

async function showCosts({ days, by, json, ...options }: CostsOptions, context: CliContext): Promise<void> {
  const { output } = context;
  const costs = await clientFor(options, context).costs({ days, by });
  if (json) return output.json(costs);
  if (costs.total.calls === 0) return output.note(`No calls since ${costs.from}.`);
  const { bold } = output.paint;
  const heads = [...by, "calls", "failed", "tokens in", "out", "cost"];
  const rows = costs.groups.map((group) => cells(group, by));
  const total = ["all", ...by.slice(1).map(() => ""), ...sums(costs.total)].map((cell) => bold(cell));
  output.print(...headedTable(heads, [...rows, ...(costs.groups.length > 1 ? [total] : [])], output.paint));
  if (costs.total.unpriced > 0) {
    const calls = costs.total.unpriced === 1 ? "1 call has" : `${costs.total.unpriced} calls have`;
    output.note(`${calls} no known price and no part in the cost: set PROVIDER_COSTS for their providers.`);
  }
}

function cells({ of, use }: SpendGroup, by: readonly SpendDimension[]): string[] {
  return [...by.map((dimension) => of[dimension] ?? "(direct)"), ...sums(use)];
}

function sums(use: SpendUse): string[] {
  const { calls, failed, inputTokens, outputTokens, costUsd, unpriced } = use;
  const cost =
    costUsd === null && unpriced === 0 ? "" : `${formatUsd(costUsd)}${costUsd !== null && unpriced > 0 ? " + ?" : ""}`;
  return [String(calls), failed > 0 ? String(failed) : "", String(inputTokens), String(outputTokens), cost];
}

import type { BudgetStanding } from "../core/budget.ts";
import { concernsOf, noVerdict, standingOfBudget, type Verdict, verdictOf } from "./budgets.ts";
import type { Known } from "./known.ts";
import type { Payer } from "./payer.ts";
import type { SpentStore } from "./spent.ts";

/** Says what the budgets mean for a request. Where there are none it costs nothing; else, mostly, what the process remembers. */
export type Judge = (known: Known, payer: Payer) => Promise<Verdict>;

/** Budgets told already, that one process remembers. */
const mostTold = 10_000;

/** @param clock epoch milliseconds @param tell told once of each budget that comes near its end or is spent, in its period */
export function createJudge(
  spent: Pick<SpentStore, "look">,
  clock: () => number,
  tell: (standing: BudgetStanding) => void,
): Judge {
  const told = new Set<string>();
  return async ({ routing }, payer) => {
    const concerns = concernsOf(routing.budgets, payer, routing.enabled);
    if (concerns.length === 0) return noVerdict;
    const sums = await spent.look(concerns.map(({ sum }) => sum));
    const now = clock();
    const standings = concerns.map((concern, i) => standingOfBudget(concern, sums[i] ?? 0, now));
    for (const standing of standings) {
      const { id, counts, until, state } = standing;
      const mark = `${id}|${counts}|${until}|${state}`;
      if (state === "open" || told.has(mark)) continue;
      if (told.size >= mostTold) told.clear();
      told.add(mark);
      tell(standing);
    }
    return verdictOf(concerns, standings);
  };
}

import type { Strategy, StrategyTarget } from "./strategy.ts";

/** The cheapest for this request, by its estimated input and its largest output. Unknown prices come last, equal ones by name. */
export const costOptimized: Strategy = {
  name: "cost_optimized",
  needs: "cost",
  order({ targets }) {
    const cost = ({ costUsd }: StrategyTarget) => costUsd ?? Number.POSITIVE_INFINITY;
    return [...targets]
      .sort((a, b) => (cost(a) === cost(b) ? (a.provider < b.provider ? -1 : 1) : cost(a) - cost(b)))
      .map(({ provider }) => provider);
  },
  score: ({ costUsd }) => costUsd,
  explain({ targets }, first) {
    const cost = targets.find(({ provider }) => provider === first)?.costUsd ?? null;
    if (cost === null) return `cost_optimized knows nobody's price, ${first} is first by name`;
    return `cost_optimized took ${first} (about $${Number(cost.toPrecision(3))})`;
  },
};

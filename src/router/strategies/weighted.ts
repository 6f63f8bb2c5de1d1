import type { Strategy, StrategyTarget } from "./strategy.ts";

/**
 * Draws by weight, without putting back: the order of -ln(draw) / weight is exactly that of successive weighted draws.
 * Weight 0 is never drawn, but stays a fallback behind the others, by name.
 */
export const weighted: Strategy = {
  name: "weighted",
  order({ targets, weights }) {
    const time = ({ provider, draw }: StrategyTarget) => {
      const weight = weights[provider] ?? 0;
      return weight > 0 ? -Math.log(Math.max(draw, Number.MIN_VALUE)) / weight : Number.POSITIVE_INFINITY;
    };
    const timed = targets.map((target) => ({ provider: target.provider, time: time(target) }));
    return timed
      .sort((a, b) => (a.time === b.time ? (a.provider < b.provider ? -1 : 1) : a.time - b.time))
      .map((target) => target.provider);
  },
  score: ({ provider }, { weights }) => weights[provider] ?? 0,
  explain({ targets, weights }, first) {
    const total = targets.reduce((sum, target) => sum + (weights[target.provider] ?? 0), 0);
    const own = weights[first] ?? 0;
    if (own === 0) return `weighted has nobody with a weight left, ${first} is next by name`;
    return `weighted drew ${first} (${own} of ${Number(total.toFixed(6))})`;
  },
};

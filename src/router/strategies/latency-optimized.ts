import type { Strategy, StrategyTarget } from "./strategy.ts";

/**
 * Power of two choices: of two targets drawn at random the one with the lower average goes first, so that the fastest one is not stampeded; the
 * others follow by their average. One that nobody has called yet counts as the fastest.
 */
export const latencyOptimized: Strategy = {
  name: "latency_optimized",
  order({ targets }) {
    const drawn = [...targets].sort((a, b) =>
      a.draw === b.draw ? (a.provider < b.provider ? -1 : 1) : a.draw - b.draw,
    );
    return [...drawn.slice(0, 2).sort(faster), ...drawn.slice(2).sort(faster)].map(({ provider }) => provider);
  },
  score: ({ latencyMs }) => latencyMs,
  explain({ targets }, first) {
    const latency = targets.find(({ provider }) => provider === first)?.latencyMs ?? null;
    const known = latency === null ? "not called yet" : `${Math.round(latency)} ms on average`;
    return `latency_optimized took ${first} (${known}), the faster of two drawn`;
  },
};

function faster(a: StrategyTarget, b: StrategyTarget): number {
  const [left, right] = [a.latencyMs ?? 0, b.latencyMs ?? 0];
  return left === right ? (a.provider < b.provider ? -1 : 1) : left - right;
}

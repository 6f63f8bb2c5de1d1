import type { Strategy } from "./strategy.ts";

/** Takes turns over the whole fleet: one counter in Redis, the candidates by name. */
export const roundRobin: Strategy = {
  name: "round_robin",
  needs: "counter",
  order({ targets, counter }) {
    const names = targets.map((target) => target.provider);
    const start = names.length > 0 ? counter % names.length : 0;
    return [...names.slice(start), ...names.slice(0, start)];
  },
  score: () => null,
  explain: ({ targets, counter }, first) =>
    `round_robin gave ${first} its turn (number ${counter}, ${targets.length} in turn)`,
};

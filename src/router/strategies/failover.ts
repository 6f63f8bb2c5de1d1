import type { Strategy } from "./strategy.ts";

/** The configured first choice, then the others in their configured order. */
export const failover: Strategy = {
  name: "failover",
  order({ targets, chain }) {
    const place = (name: string) => (chain.includes(name) ? chain.indexOf(name) : chain.length);
    return targets
      .map((target) => target.provider)
      .sort((a, b) => (place(a) === place(b) ? (a < b ? -1 : 1) : place(a) - place(b)));
  },
  score: () => null,
  explain: ({ chain }, first) =>
    chain[0] === first ? `failover took its primary ${first}` : `failover went on to ${first}`,
};

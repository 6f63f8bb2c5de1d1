import type { Strategy } from "./strategy.ts";

/** The fewest calls under way in the whole fleet; equal ones by their draw, so that a quiet fleet spreads too. */
export const leastBusy: Strategy = {
  name: "least_busy",
  needs: "busy",
  order({ targets }) {
    return [...targets]
      .sort((a, b) => a.busy - b.busy || a.draw - b.draw || (a.provider < b.provider ? -1 : 1))
      .map(({ provider }) => provider);
  },
  score: ({ busy }) => busy,
  explain({ targets }, first) {
    const busy = targets.find(({ provider }) => provider === first)?.busy ?? 0;
    return `least_busy took ${first} (${busy === 1 ? "1 call" : `${busy} calls`} under way)`;
  },
};

import { branchesKind } from "./branches.ts";

/** Runs several blocks at once until one of them succeeds. Its output says which: `{ winner, output }`. */
export const raceKind = branchesKind({
  name: "race",
  meaning: "Several blocks at once, until one of them succeeds.",
  output: (names) => ({ winner: { enum: names }, output: {} }),
});

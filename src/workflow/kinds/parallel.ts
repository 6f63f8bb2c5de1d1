import { branchesKind } from "./branches.ts";

/** Runs several blocks at once. Its output is theirs, by branch. */
export const parallelKind = branchesKind({
  name: "parallel",
  meaning: "Several blocks at once. The output is theirs, by branch.",
  output: (names) => Object.fromEntries(names.map((name) => [name, {}])),
});

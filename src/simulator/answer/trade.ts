/** A kind of work that a goal may want. */
export type Trade = "gather" | "extract" | "judge" | "write" | "check" | "edit";

/** How a trade is recognised: verbs that want it, with the name of what they bring, and words by which somebody's description says that it is theirs. */
export interface Job {
  readonly verbs: Readonly<Record<string, string>>;
  readonly cues: readonly string[];
}

const named = (verbs: string, brings = "") => Object.fromEntries(verbs.split(" ").map((verb) => [verb, brings]));

/** The trades. An empty name: what it brings is said by the goal's own words. */
export const planningJobs: Readonly<Record<Trade, Job>> = {
  gather: {
    verbs: { ...named("research collect gather look search", "facts"), ...named("find investigate identify learn") },
    cues: ["gather", "research", "known", "facts", "sources", "find"],
  },
  extract: {
    verbs: named("extract classify list label categorise categorize count"),
    cues: ["extract", "classif", "list", "items", "data"],
  },
  judge: {
    verbs: {
      ...named("compare", "comparison"),
      ...named("analyse analyze", "analysis"),
      ...named("evaluate", "evaluation"),
      ...named("assess", "assessment"),
      ...named("choose decide select rank pick", "choice"),
    },
    cues: ["analy", "compare", "evaluat", "assess", "strengths", "risks", "causes"],
  },
  write: {
    verbs: named(
      "write draft summarise summarize report prepare recommend compose answer explain create produce make plan",
    ),
    cues: ["writ", "report", "recommendation", "summary", "text for"],
  },
  check: {
    verbs: named("review check verify test proofread", "review"),
    cues: ["review", "check", "verdict", "faults", "verif"],
  },
  edit: {
    verbs: named("translate shorten revise improve correct edit rewrite polish"),
    cues: ["revise", "shorten", "correct", "translat", "edit"],
  },
};

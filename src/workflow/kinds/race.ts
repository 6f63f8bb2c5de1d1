import type { z } from "zod";
import {
  type BranchesBody,
  branchBlocks,
  branchCalls,
  branchesShape,
  branchMistakes,
  branchTemplates,
} from "./branches.ts";
import type { StepKindSpec } from "./kind.ts";

/** Runs several blocks at once until one of them succeeds. Its output says which: `{ winner, output }`. */
export const raceKind: StepKindSpec<BranchesBody> = {
  name: "race",
  queue: "io",
  schema: branchesShape.describe("Several blocks at once, until one of them succeeds.") as z.ZodType<BranchesBody>,
  resumesBare: true,
  check: branchMistakes,
  templates: branchTemplates,
  blocks: branchBlocks,
  calls: branchCalls,
  outputSchema: ({ branches }) => ({
    type: "object",
    properties: { winner: { enum: Object.keys(branches) }, output: {} },
    additionalProperties: false,
  }),
};

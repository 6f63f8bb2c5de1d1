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

/** Runs several blocks at once. Its output is theirs, by branch. */
export const parallelKind: StepKindSpec<BranchesBody> = {
  name: "parallel",
  queue: "io",
  schema: branchesShape.describe("Several blocks at once. The output is theirs, by branch.") as z.ZodType<BranchesBody>,
  resumesBare: true,
  check: branchMistakes,
  templates: branchTemplates,
  blocks: branchBlocks,
  calls: branchCalls,
  outputSchema: ({ branches }) => ({
    type: "object",
    properties: Object.fromEntries(Object.keys(branches).map((name) => [name, {}])),
    additionalProperties: false,
  }),
};

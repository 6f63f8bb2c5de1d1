import { z } from "zod";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { Path } from "../path.ts";
import { anyObject } from "../shape.ts";
import { anyOf, type Block, blockMistakes, calledBlock, inlineBlock, inputTemplates, namedBlockKeys } from "./block.ts";
import type { BlockPlace, CalledWorkflow, StepKindSpec, TemplatePlace } from "./kind.ts";

/** Branches of one step. */
const maxBranches = 100;

const branchName = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, {
  error: "must start with a letter and hold only letters, digits, _ and -, at most 64.",
});

/** What `parallel` and `race` take: blocks by name, and what all of them are given. A branch's own `input` is laid over that. */
const branchesShape = z.strictObject({
  branches: z
    .record(branchName, z.strictObject(namedBlockKeys))
    .refine((branches) => Object.keys(branches).length > 0, { error: "must have at least one branch." })
    .refine((branches) => Object.keys(branches).length <= maxBranches, {
      error: `has more than ${maxBranches} branches.`,
    })
    .describe("Blocks by name, all run at once."),
  input: anyObject.optional().describe("What every branch is given."),
});

/** What an author writes under `parallel` or `race`. */
export type BranchesBody = z.infer<typeof branchesShape> & JsonObject;

/** Wherein kinds that run branches differ. */
export interface BranchesKind {
  readonly name: string;
  /** For authors: what it does, and what it gives. */
  readonly meaning: string;
  /** Fields of the output, as JSON Schemas. @param names of the branches */
  readonly output: (names: readonly string[]) => JsonObject;
}

/** A kind that runs several blocks at once. */
export function branchesKind({ name, meaning, output }: BranchesKind): StepKindSpec<BranchesBody> {
  return {
    name,
    queue: "io",
    schema: branchesShape.describe(meaning) as z.ZodType<BranchesBody>,
    resumesBare: true,
    check: branchMistakes,
    templates: branchTemplates,
    blocks: branchBlocks,
    calls: branchCalls,
    outputSchema: ({ branches }) => ({
      type: "object",
      properties: output(Object.keys(branches)),
      additionalProperties: false,
    }),
  };
}

/** What the schema cannot say. */
function* branchMistakes({ branches }: BranchesBody): Iterable<{ readonly path: Path; readonly message: string }> {
  for (const [name, block] of Object.entries(branches)) yield* blockMistakes(block as Block, ["branches", name]);
}

/** The templates of every `input`. */
function* branchTemplates({ branches, input }: BranchesBody): Iterable<TemplatePlace> {
  yield* inputTemplates(input);
  for (const [name, block] of Object.entries(branches)) yield* inputTemplates(block.input, ["branches", name, "input"]);
}

/** The branches that stand inline. */
function* branchBlocks({ branches, input }: JsonObject): Iterable<BlockPlace> {
  if (!isJsonObject(branches)) return;
  for (const [name, block] of Object.entries(branches)) {
    const own = isJsonObject(block) ? block.input : undefined;
    yield* inlineBlock(block, { path: ["branches", name], name, inputs: anyOf(input, own) });
  }
}

/** The branches that are stored workflows. */
function* branchCalls({ branches }: JsonObject): Iterable<CalledWorkflow> {
  if (!isJsonObject(branches)) return;
  for (const [name, block] of Object.entries(branches)) yield* calledBlock(block, name);
}

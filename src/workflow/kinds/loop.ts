import { z } from "zod";
import type { JsonObject } from "../../core/json.ts";
import { anyObject } from "../shape.ts";
import { untilMistakes } from "../until.ts";
import { anyOf, blockKeys, blockMistakes, calledBlock, inlineBlock, inputTemplates, takenKeys } from "./block.ts";
import type { StepKindSpec } from "./kind.ts";

const schema = z
  .strictObject({
    until: z.string().min(1).describe("Liquid expression over output, index and input; the loop ends once it holds."),
    max: z.number().int().min(1).max(1_000).describe("Rounds at most."),
    on_max: z
      .enum(["fail", "continue"])
      .optional()
      .describe("What it means to reach max: the step fails, or goes on with the last output. Default: fail."),
    input: anyObject.optional().describe("What each round is given besides index and previous."),
    ...blockKeys,
  })
  .describe("A block again and again until an expression holds. The output is the last round's.");

/** What an author writes under `loop`. */
export type LoopBody = z.infer<typeof schema> & JsonObject;

/** Runs a block again and again, each round with what the one before gave, until an expression holds. Its output is the last round's. */
export const loopKind: StepKindSpec<LoopBody> = {
  name: "loop",
  queue: "io",
  schema: schema as z.ZodType<LoopBody>,
  resumesBare: true,
  repeats: "rounds",

  *check(body) {
    yield* blockMistakes(body);
    yield* takenKeys(body.input, { index: "the round's number", previous: "the output of the round before" });
    for (const message of untilMistakes(body.until, Object.keys(body.input ?? {}))) yield { path: ["until"], message };
  },

  templates: ({ input }) => inputTemplates(input),

  calls: (body) => calledBlock(body),

  *blocks(body) {
    yield* inlineBlock(body, { inputs: loopInputs(body) });
  },
};

/** What each round is given: JSON Schemas by name. */
export function loopInputs({ input }: JsonObject): JsonObject {
  return { ...anyOf(input), index: { type: "integer" }, previous: {} };
}

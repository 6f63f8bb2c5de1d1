import { z } from "zod";
import type { Json, JsonObject } from "../../core/json.ts";
import { stringsIn } from "../path.ts";
import { anyObject } from "../shape.ts";
import { anyOf, blockKeys, blockMistakes, calledBlock, inlineBlock, inputTemplates, takenKeys } from "./block.ts";
import type { StepKindSpec, TemplatePlace } from "./kind.ts";

/** Items of one map. */
export const maxItems = 10_000;

/** Items under way at a time, where nothing says otherwise. */
export const defaultConcurrency = 10;

const schema = z
  .strictObject({
    over: z
      .union([z.string().min(1), z.array(z.json())], {
        error: "must be an expression that gives a list, such as input.files, or a list.",
      })
      .describe("The list: an expression such as input.files, or items with templates. At most 10,000."),
    concurrency: z.number().int().min(1).max(1_000).optional().describe("Items under way at a time. Default: 10."),
    on_error: z
      .enum(["fail", "continue"])
      .optional()
      .describe("What an item that fails means: the step fails, or its output is null. Default: fail."),
    input: anyObject.optional().describe("What each run is given besides item and index."),
    ...blockKeys,
  })
  .describe("A block for each item of a list. The output is the list of its outputs.");

/** What an author writes under `map`. */
export type MapBody = z.infer<typeof schema> & JsonObject;

/** Runs a block once for each item of a list. Its output is the list of the runs' outputs, in the items' order. */
export const mapKind: StepKindSpec<MapBody> = {
  name: "map",
  queue: "io",
  schema: schema as z.ZodType<MapBody>,
  resumesBare: true,
  repeats: "items",

  *check(body) {
    yield* blockMistakes(body);
    yield* takenKeys(body.input, { item: "the item of the list", index: "the item's number" });
  },

  *templates({ over, input }) {
    if (typeof over === "string") yield listPlace(over);
    else for (const { path, text } of stringsIn(over)) yield { path: ["over", ...path], text };
    yield* inputTemplates(input);
  },

  calls: (body) => calledBlock(body),

  *blocks(body) {
    yield* inlineBlock(body, { inputs: mapInputs(body) });
  },

  outputSchema: () => ({ type: "array" }),
};

/** What each run is given: JSON Schemas by name. */
export function mapInputs({ input }: JsonObject): JsonObject {
  return { ...anyOf(input), item: {}, index: { type: "integer" } };
}

/** `input.files`, or the same as `{{ input.files }}`. */
function listPlace(over: Json & string): TemplatePlace {
  const isTemplate = /\{[{%]/.test(over);
  return { path: ["over"], text: over, ...(isTemplate ? {} : { language: "expression" }) };
}

import { z } from "zod";
import type { JsonObject } from "../../core/json.ts";
import { authorSchema } from "../shape.ts";
import { imageMistakes, imagesKey, imageTemplates } from "./images.ts";
import type { StepKindSpec } from "./kind.ts";
import { type OfferedTool, type OfferingBody, offeringMistakes, offeringOutput, toolKeys } from "./offered-tools.ts";

/** How a model answers. */
export const sampling = {
  model: z.string().min(1).optional().describe("A model's name, or an alias of the settings. The same as route.model."),
  max_tokens: z.number().int().min(1).optional().describe("Tokens that the answer may have."),
  temperature: z.number().min(0).max(2).optional().describe("Default: the provider's."),
  top_p: z.number().gt(0).max(1).optional().describe("Default: the provider's."),
  stop: z.array(z.string().min(1)).min(1).optional().describe("Texts at which the model stops."),
  seed: z.number().int().optional().describe("Sent where the provider takes one."),
  system: z.string().min(1).optional().describe("The system prompt; a Liquid template."),
};

/** One turn of a conversation, as its author writes it. */
export const message = z.strictObject({
  role: z.enum(["user", "assistant"]).describe("Who says it."),
  content: z.string().min(1).describe("A Liquid template."),
  images: imagesKey,
});

const schema = z
  .strictObject({
    prompt: z.string().min(1).optional().describe("The user's message; a Liquid template. This, or messages."),
    messages: z.array(message).min(1).optional().describe("A conversation. This, or prompt."),
    images: imagesKey,
    ...toolKeys,
    output: authorSchema
      .optional()
      .describe("JSON Schema of the answer: the step's output is then a checked object, not text."),
    ...sampling,
  })
  .describe("One question to a model.")
  .meta({ oneOf: [{ required: ["prompt"] }, { required: ["messages"] }] });

/** What an author writes under `llm`. Exactly one of `prompt` and `messages` is set. */
export type LlmBody = z.infer<typeof schema> & JsonObject;

/** One question to a model. Its output is the answer's text; with `output` an object of that JSON Schema; with `tools` the text and what the model asks for. */
export const llmKind: StepKindSpec<LlmBody> = {
  name: "llm",
  queue: "llm",
  schema: schema as z.ZodType<LlmBody>,
  defaults: z.strictObject(sampling),

  *check(body) {
    if (body.prompt === undefined && body.messages === undefined) {
      yield { path: [], message: "needs a prompt, or messages." };
    }
    if (body.prompt !== undefined && body.messages !== undefined) {
      yield { path: ["messages"], message: "stands beside prompt; keep one of the two." };
    }
    if (body.images !== undefined && body.messages !== undefined) {
      yield { path: ["images"], message: "belongs to prompt; of messages each has its own." };
    }
    yield* offeringMistakes(body as OfferingBody);
    yield* imageMistakes(body.images);
    for (const [index, { role, images }] of (body.messages ?? []).entries()) {
      const path = ["messages", index];
      if (images !== undefined && role !== "user") {
        yield { path: [...path, "images"], message: "stands in a message of role user only." };
      }
      for (const mistake of imageMistakes(images)) yield { ...mistake, path: [...path, ...mistake.path] };
    }
  },

  *templates(body) {
    if (body.system !== undefined) yield { path: ["system"], text: body.system, result: "text" };
    if (body.prompt !== undefined) yield { path: ["prompt"], text: body.prompt, result: "text" };
    yield* imageTemplates(body.images, ["images"]);
    for (const [index, { content, images }] of (body.messages ?? []).entries()) {
      yield { path: ["messages", index, "content"], text: content, result: "text" };
      yield* imageTemplates(images, ["messages", index, "images"]);
    }
  },

  *schemas(body) {
    if (body.output !== undefined) yield { path: ["output"], schema: body.output };
    for (const [index, { input }] of (body.tools ?? []).entries()) {
      if (input !== undefined) yield { path: ["tools", index, "input"], schema: input };
    }
  },

  outputSchema: (body) =>
    body.tools ? offeringOutput(body.tools as readonly OfferedTool[]) : (body.output ?? { type: "string" }),

  hints: (body) => (body.model === undefined ? {} : { model: body.model }),
};

import { z } from "zod";
import type { JsonObject } from "../../core/json.ts";
import { anyObject } from "../shape.ts";
import type { StepKindSpec } from "./kind.ts";

const sampling = {
  model: z.string().min(1).optional(),
  max_tokens: z.number().int().min(1).optional(),
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().gt(0).max(1).optional(),
  stop: z.array(z.string().min(1)).min(1).optional(),
  seed: z.number().int().optional(),
  system: z.string().min(1).optional(),
};

const message = z.strictObject({ role: z.enum(["user", "assistant"]), content: z.string().min(1) });

const schema = z.strictObject({
  prompt: z.string().min(1).optional(),
  messages: z.array(message).min(1).optional(),
  output: anyObject.optional(),
  ...sampling,
});

/** What an author writes under `llm`. Exactly one of `prompt` and `messages` is set. */
export type LlmBody = z.infer<typeof schema> & JsonObject;

/** One question to a model. Its output is the answer's text, or with `output` an object of that JSON Schema. */
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
  },

  *templates(body) {
    if (body.system !== undefined) yield { path: ["system"], text: body.system, result: "text" };
    if (body.prompt !== undefined) yield { path: ["prompt"], text: body.prompt, result: "text" };
    for (const [index, { content }] of (body.messages ?? []).entries()) {
      yield { path: ["messages", index, "content"], text: content, result: "text" };
    }
  },

  *schemas(body) {
    if (body.output !== undefined) yield { path: ["output"], schema: body.output };
  },

  outputSchema: (body) => body.output ?? { type: "string" },

  hints: (body) => (body.model === undefined ? {} : { model: body.model }),
};

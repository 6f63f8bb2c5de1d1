import { z } from "zod";
import { isJsonObject, type JsonObject } from "../../core/json.ts";

/*
 * What OpenAI's clients send to `/v1/responses`. Members that are not named here are let through: the vendor itself may know them.
 */

const object = z.custom<JsonObject>(isJsonObject, { error: "must be an object." });
const part = z.looseObject({ type: z.string(), text: z.string().optional(), image_url: z.string().nullish() });
const content = z.union([z.string(), z.array(part)]);

/** A piece of a message or of a call's result. */
export type Part = z.infer<typeof part>;

const message = z.looseObject({
  type: z.literal("message").optional(),
  role: z.enum(["user", "assistant", "system", "developer"]),
  content,
});
const call = z.looseObject({
  type: z.literal("function_call"),
  call_id: z.string().min(1),
  name: z.string().min(1),
  arguments: z.string(),
});
const result = z.looseObject({
  type: z.literal("function_call_output"),
  call_id: z.string().min(1),
  output: content,
});
const reasoning = z.looseObject({
  type: z.literal("reasoning"),
  id: z.string().optional(),
  summary: z.array(part).optional(),
  encrypted_content: z.string().nullish(),
});
const known = ["message", "function_call", "function_call_output", "reasoning"];
/** What only OpenAI knows the meaning of: its own tools' calls and results, references to what it keeps. */
const other = z
  .looseObject({ type: z.string().optional() })
  .refine(({ type }) => type !== undefined && !known.includes(type), { error: "is not allowed.", abort: true });

const item = z.union([z.discriminatedUnion("type", [message, call, result, reasoning]), other]);

/** One item of the conversation. */
export type Item = z.infer<typeof item>;
/** A message of it. */
export type MessageItem = z.infer<typeof message>;
/** A function that the model has asked for. */
export type CallItem = z.infer<typeof call>;
/** What it came to. */
export type ResultItem = z.infer<typeof result>;
/** What the model thought. */
export type ReasoningItem = z.infer<typeof reasoning>;

const tool = z
  .looseObject({
    type: z.string(),
    name: z.string().min(1).optional(),
    description: z.string().nullish(),
    parameters: object.nullish(),
  })
  .refine(({ type, name }) => type !== "function" || name !== undefined, {
    error: "is missing; it must be a text.",
    path: ["name"],
  });

/** The body of `POST /v1/responses`. */
export const responsesRequest = z.looseObject({
  model: z.string().optional(),
  input: z.union([z.string(), z.array(item).min(1)]),
  instructions: z.string().nullish(),
  tools: z.array(tool).nullish(),
  tool_choice: z
    .union([z.enum(["auto", "none", "required"]), z.looseObject({ type: z.string(), name: z.string().optional() })])
    .nullish(),
  text: z.looseObject({ format: z.looseObject({ type: z.string(), schema: object.optional() }).nullish() }).nullish(),
  max_output_tokens: z.int().min(1).nullish(),
  reasoning: z.looseObject({ effort: z.string().nullish() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  stream: z.boolean().nullish(),
  store: z.boolean().nullish(),
  background: z.boolean().nullish(),
  previous_response_id: z.string().nullish(),
});

/** A request as OpenAI's clients send it. */
export type ResponsesRequest = z.infer<typeof responsesRequest>;

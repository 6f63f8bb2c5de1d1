import { z } from "zod";
import type { Json } from "../../core/json.ts";

const text = z.string();
/** What was read as JSON holds nothing else. To look through it again would make the whole schema a recursive one, which costs three times as much. */
const json: z.ZodType<Json> = z.any();
const called = z.looseObject({ name: z.string().min(1), arguments: text });

const textPart = z.looseObject({ type: z.literal("text"), text });
const userPart = z.discriminatedUnion("type", [
  textPart,
  z.looseObject({ type: z.literal("image_url"), image_url: z.looseObject({ url: z.string().min(1) }) }),
  z.looseObject({ type: z.literal("input_audio") }),
  z.looseObject({ type: z.literal("file") }),
]);
const assistantPart = z.discriminatedUnion("type", [
  textPart,
  z.looseObject({ type: z.literal("refusal"), refusal: text }),
]);

const toolCall = z.discriminatedUnion("type", [
  z.looseObject({ id: text, type: z.literal("function"), function: called }),
  z.looseObject({ id: text, type: z.literal("custom") }),
]);

const message = z.discriminatedUnion("role", [
  z.looseObject({ role: z.enum(["system", "developer"]), content: z.union([text, z.array(textPart)]) }),
  z.looseObject({ role: z.literal("user"), content: z.union([text, z.array(userPart).min(1)]) }),
  z.looseObject({
    role: z.literal("assistant"),
    content: z.union([text, z.array(assistantPart)]).nullish(),
    tool_calls: z.array(toolCall).nullish(),
  }),
  z.looseObject({ role: z.literal("tool"), tool_call_id: text, content: z.union([text, z.array(textPart)]) }),
  z.looseObject({ role: z.literal("function"), name: text }),
]);

const tool = z.discriminatedUnion("type", [
  z.looseObject({
    type: z.literal("function"),
    function: z.looseObject({
      name: z.string().min(1),
      description: z.string().optional(),
      parameters: z.record(z.string(), json).nullish(),
    }),
  }),
  z.looseObject({ type: z.literal("custom") }),
]);

const toolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  z.looseObject({ type: z.literal("function"), function: z.looseObject({ name: z.string().min(1) }) }),
  z.looseObject({ type: z.enum(["custom", "allowed_tools"]) }),
]);

const responseFormat = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text") }),
  z.looseObject({ type: z.literal("json_object") }),
  z.looseObject({
    type: z.literal("json_schema"),
    json_schema: z.looseObject({ schema: z.record(z.string(), json).optional() }),
  }),
]);

/** What is read of a body of OpenAI's chat completions. What else is in it goes to providers that speak the format, as it came. */
export const chatBody = z.looseObject({
  model: z.string().nullish(),
  messages: z.array(message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  stop: z.union([text, z.array(text)]).nullish(),
  seed: z.int().nullish(),
  n: z.int().min(1).max(128).nullish(),
  tools: z.array(tool).nullish(),
  tool_choice: toolChoice.nullish(),
  response_format: responseFormat.nullish(),
  reasoning_effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh"]).nullish(),
});

/** A body that has the shape. */
export type ChatBody = z.infer<typeof chatBody>;

/** One of its messages. */
export type ChatMessage = ChatBody["messages"][number];

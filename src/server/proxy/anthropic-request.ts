import { z } from "zod";
import { isJsonObject, type JsonObject } from "../../core/json.ts";

/*
 * What Anthropic's clients send to `/v1/messages`. Members that are not named here are let through: the vendor itself may know them.
 */

const object = z.custom<JsonObject>(isJsonObject, { error: "must be an object." });

const text = z.looseObject({ type: z.literal("text"), text: z.string() });
const base64 = z.looseObject({ type: z.literal("base64"), media_type: z.string().min(1), data: z.string().min(1) });
const image = z.looseObject({
  type: z.literal("image"),
  source: z.union([
    base64,
    z.looseObject({ type: z.string() }).refine(({ type }) => type !== "base64", { abort: true }),
  ]),
});
const thinking = z.looseObject({ type: z.literal("thinking"), thinking: z.string(), signature: z.string().optional() });
const redacted = z.looseObject({ type: z.literal("redacted_thinking"), data: z.string() });
const toolUse = z.looseObject({
  type: z.literal("tool_use"),
  id: z.string().min(1),
  name: z.string().min(1),
  input: z.unknown(),
});

/** What only Anthropic knows the meaning of: documents, its own tools' calls and results. */
function others(known: readonly string[]) {
  return z
    .looseObject({ type: z.string() })
    .refine(({ type }) => !known.includes(type), { error: "is not allowed.", abort: true });
}

const resultBlock = z.union([z.discriminatedUnion("type", [text, image]), others(["text", "image"])]);
const toolResult = z.looseObject({
  type: z.literal("tool_result"),
  tool_use_id: z.string().min(1),
  content: z.union([z.string(), z.array(resultBlock)]).optional(),
  is_error: z.boolean().optional(),
});

const known = ["text", "image", "tool_use", "tool_result", "thinking", "redacted_thinking"] as const;
const block = z.union([
  z.discriminatedUnion("type", [text, image, toolUse, toolResult, thinking, redacted]),
  others(known),
]);

/** A piece of a message. */
export type Block = z.infer<typeof block>;
/** A picture in a message or a tool's result. */
export type ImageBlock = z.infer<typeof image>;
/** What a tool call came to. */
export type ToolResultBlock = z.infer<typeof toolResult>;

const message = z.looseObject({
  role: z.enum(["user", "assistant"]),
  content: z.union([z.string(), z.array(block)]),
});

const tool = z
  .looseObject({
    type: z.string().nullish(),
    name: z.string().min(1),
    description: z.string().optional(),
    input_schema: object.optional(),
  })
  .refine((tool) => !isFunction(tool) || tool.input_schema !== undefined, {
    error: "is missing; it must be an object.",
    path: ["input_schema"],
  });

/** Whether a tool is the client's own function, which every vendor can offer to its model. */
export function isFunction({ type }: { readonly type?: string | null }): boolean {
  return (type ?? "custom") === "custom";
}

const format = z.looseObject({ type: z.string(), schema: object.optional() });

/** The body of `POST /v1/messages/count_tokens`. */
export const countRequest = z.looseObject({
  model: z.string().optional(),
  messages: z.array(message).min(1),
  system: z.union([z.string(), z.array(text)]).optional(),
  tools: z.array(tool).optional(),
  tool_choice: z
    .looseObject({ type: z.enum(["auto", "any", "tool", "none"]), name: z.string().optional() })
    .refine(({ type, name }) => type !== "tool" || name !== undefined, {
      error: "is missing; it must be a tool's name.",
      path: ["name"],
    })
    .optional(),
  thinking: z
    .looseObject({
      type: z.enum(["enabled", "disabled", "adaptive"]),
      budget_tokens: z.int().min(1).optional(),
    })
    .optional(),
  output_config: z.looseObject({ effort: z.string().nullish(), format: format.nullish() }).optional(),
  output_format: format.nullish(),
});

/** The body of `POST /v1/messages`. */
export const messagesRequest = countRequest.extend({
  max_tokens: z.int().min(1),
  stop_sequences: z.array(z.string()).optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().min(0).max(1).optional(),
  stream: z.boolean().optional(),
});

/** A request as Anthropic's clients send it. */
export type MessagesRequest = z.infer<typeof messagesRequest>;
/** One without its limits, to be counted. */
export type CountRequest = z.infer<typeof countRequest>;

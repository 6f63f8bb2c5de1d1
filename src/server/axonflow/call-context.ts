import { z } from "zod";
import type { Hints } from "../../core/call.ts";
import type { LlmRequest } from "../../providers/provider.ts";
import { checked } from "../checked.ts";
import { hintsSchema } from "../hints.ts";

const text = z.string().max(1_000_000);

/** What a client's `context` may say about the call; whatever else stands there is for policies, which nobody has here. */
export const callContextSchema = z.looseObject({
  provider: z.string().min(1).max(200).optional(),
  model: z.string().min(1).max(200).optional(),
  strict_provider: z.union([z.boolean(), z.stringbool()]).optional(),
  strategy: z.string().min(1).max(100).optional(),
  allow: z.array(z.string().min(1).max(200)).min(1).optional(),
  max_calls: z.int().min(1).optional(),
  max_usd: z.number().min(0).optional(),
  max_seconds: z.number().gt(0).optional(),
  caller: z.string().min(1).max(200).optional(),
  on_content_filter: z.enum(["stop", "next"]).optional(),
  max_tokens: z.int().min(1).max(1e9).optional(),
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().min(0).max(1).optional(),
  stop: z.union([text.transform((one) => [one]), z.array(text).max(16)]).optional(),
  seed: z.int().optional(),
  system_prompt: text.optional(),
});

/** Such a `context`, checked. */
export type CallContext = z.infer<typeof callContextSchema>;

const hintNames = [
  "provider",
  "model",
  "strict_provider",
  "strategy",
  "allow",
  "max_calls",
  "max_usd",
  "max_seconds",
  "caller",
  "on_content_filter",
] as const satisfies readonly (keyof Hints)[];

/** The hints in a `context`. Its clients write providers' names as they like: `OpenAI` is openai. */
export function hintsIn(context: CallContext): Hints {
  const given = hintNames.flatMap((name) => (context[name] === undefined ? [] : [[name, context[name]] as const]));
  const hints = Object.fromEntries(given);
  if (context.provider !== undefined) hints.provider = context.provider.toLowerCase();
  return checked(hintsSchema, hints, "context");
}

/** The call that a query and its `context` ask for. */
export function callIn(query: string, context: CallContext, images: CallImages = []): LlmRequest {
  return {
    ...(context.system_prompt === undefined ? {} : { system: context.system_prompt }),
    messages: [{ role: "user", content: query, ...(images.length > 0 ? { images } : {}) }],
    maxTokens: context.max_tokens,
    temperature: context.temperature,
    topP: context.top_p,
    stop: context.stop,
    seed: context.seed,
  };
}

/** Pictures of a query. */
export type CallImages = readonly { readonly mediaType: string; readonly base64: string }[];

import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { LlmAnswer } from "../../providers/provider.ts";
import { anyModel } from "../../router/model-hints.ts";
import { checked } from "../checked.ts";
import type { WireAsk, WireCodec, WireHead } from "./codec.ts";
import { openaiError } from "./openai-error.ts";

/** One text of a list. Lists of tokens come in the same place. */
const text = z
  .string({
    error: ({ input }) =>
      typeof input === "number" || Array.isArray(input)
        ? "must be a text: tokens are one vendor's own, other vendors' models cannot read them."
        : undefined,
  })
  .min(1);

/** The body of `POST /v1/embeddings`. */
export const embeddingsRequest = z.looseObject({
  model: z.string().refine((model) => model !== "" && model !== anyModel && !model.endsWith("/"), {
    error: "must name a model or an alias: vectors of different models cannot be compared.",
  }),
  input: z.union([z.string().min(1), z.array(text).min(1).max(2_048)]),
  dimensions: z.int().min(1).nullish(),
  encoding_format: z.enum(["float", "base64"]).nullish(),
  user: z.string().nullish(),
});

/**
 * OpenAI's embeddings, as `openai` speaks them: its package asks for base64 unless told otherwise. They fail over between providers that serve the same model, by its
 * name or an alias, and to nobody else.
 */
export const openaiEmbeddings: WireCodec = {
  format: "openai-embeddings",
  read,
  write,
  stream() {
    throw new AppError("internal", { message: "Embeddings are not streamed." });
  },
  error: openaiError,
};

function read(body: JsonObject): WireAsk {
  const { model, input, dimensions, encoding_format: encoding } = checked(embeddingsRequest, body, "body");
  const values = typeof input === "string" ? [input] : input;
  return {
    model,
    stream: false,
    request: { messages: [], embed: { values, ...(dimensions == null ? {} : { dimensions }) } },
    // Only how the answer is written.
    body: { ...body, encoding_format: encoding ?? "float" },
  };
}

function write({ embeddings = [], usage }: LlmAnswer, { served }: WireHead, { body }: WireAsk): JsonObject {
  const encode = body?.encoding_format === "base64" ? toBase64 : (vector: readonly number[]) => vector;
  const count = usage.inputTokens ?? 0;
  return {
    object: "list",
    data: embeddings.map((vector, index) => ({ object: "embedding", index, embedding: encode(vector) })),
    model: served.modelServed,
    usage: { prompt_tokens: count, total_tokens: count },
  };
}

/** A vector as OpenAI writes it: 32-bit floats, the lowest byte first. */
function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((number, i) => {
    bytes.writeFloatLE(number, i * 4);
  });
  return bytes.toString("base64");
}

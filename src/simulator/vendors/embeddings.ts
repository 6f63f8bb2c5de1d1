import { createHash } from "node:crypto";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { estimateTokens } from "../answer/tokens.ts";
import { significantWords } from "../answer/words.ts";
import { type Asked, toAsked } from "../asked.ts";
import { contentText, firstNumber, objectAt } from "./read.ts";
import { sendJson } from "./send.ts";
import type { Route, Wire } from "./vendor.ts";

/** Numbers of a simulated vector where the request says nothing. */
const usualDimensions = 256;

/** Texts to be made into vectors, as any vendor asks for them. */
interface Texts {
  readonly model: string;
  readonly values: readonly string[];
  readonly dimensions: number;
}

/** A vendor's way of asking, and of writing the vectors. */
interface EmbeddingWire {
  /** @returns a text if the request is wrong: the vendor's 400 */
  texts(body: JsonObject): Texts | string;
  body(vectors: readonly (readonly number[])[], tokens: number, texts: Texts): Json;
}

/** OpenAI's embeddings under any prefix. */
export function embeddingsRoute(method: string, pathname: string): Route | undefined {
  if (method !== "POST" || !pathname.endsWith("/embeddings")) return undefined;
  const deployment = /\/deployments\/([^/]+)\/embeddings$/.exec(pathname)?.[1];
  return call({
    texts(body) {
      const { input } = body;
      const model = deployment ?? body.model;
      if (typeof model !== "string") return "you must provide a model parameter";
      const values = typeof input === "string" ? [input] : textsIn(input);
      return values.length === 0 ? "input is missing" : { model, values, dimensions: dimensionsIn(body.dimensions) };
    },
    body: (vectors, tokens, { model }) => ({
      object: "list",
      data: vectors.map((embedding, index) => ({ object: "embedding", index, embedding })),
      model,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    }),
  });
}

/** Google's `embedContent` and `batchEmbedContents`. */
export function geminiEmbeddingsRoute(method: string, pathname: string): Route | undefined {
  const [, model, verb] =
    (method === "POST" && /\/models\/([^/:]+):(embedContent|batchEmbedContents)$/.exec(pathname)) || [];
  if (model === undefined) return undefined;
  const isBatch = verb === "batchEmbedContents";
  return call({
    texts(body) {
      const requests = isBatch ? (Array.isArray(body.requests) ? body.requests.filter(isJsonObject) : []) : [body];
      const values = requests.map((request: JsonObject) => contentText(objectAt(request.content)?.parts));
      const [first] = requests;
      if (!first) return "requests is not specified";
      return { model, values, dimensions: dimensionsIn(first.outputDimensionality) };
    },
    body: (vectors) =>
      isBatch ? { embeddings: vectors.map((values) => ({ values })) } : { embedding: { values: vectors[0] ?? [] } },
  });
}

/** Bedrock's `invoke` for Amazon's Titan and Cohere's models. */
export function bedrockEmbeddingsRoute(method: string, pathname: string): Route | undefined {
  const [, id] = (method === "POST" && /\/model\/([^/]+)\/invoke$/.exec(pathname)) || [];
  if (id === undefined) return undefined;
  return call({
    texts({ inputText, texts, dimensions, output_dimension }) {
      const values = typeof inputText === "string" ? [inputText] : textsIn(texts);
      if (values.length === 0) return "The request has no text.";
      return { model: decodeURIComponent(id), values, dimensions: dimensionsIn(dimensions ?? output_dimension) };
    },
    body: (vectors, tokens, { model }) =>
      model.includes("cohere.")
        ? { embeddings: vectors }
        : { embedding: vectors[0] ?? [], inputTextTokenCount: tokens },
  });
}

function call({ texts, body }: EmbeddingWire): Route {
  const wire: Wire = {
    read(request): Asked | string {
      const read = texts(request);
      if (typeof read === "string") return read;
      return toAsked([{ role: "user", text: read.values.join("\n") }], { model: read.model, stream: false });
    },
    write({ raw, response }) {
      const read = texts(JSON.parse(raw) as JsonObject);
      if (typeof read === "string") return;
      const vectors = read.values.map((value) => vectorOf(value, read.dimensions));
      const tokens = read.values.reduce((sum, value) => sum + estimateTokens(value), 0);
      sendJson(response, 200, body(vectors, tokens, read));
    },
  };
  return { kind: "call", wire };
}

/** A vector of length 1: each word of the text pulls it its own way, so texts that share words are near one another. */
function vectorOf(text: string, dimensions: number): readonly number[] {
  const vector = new Array<number>(dimensions).fill(0);
  const words = significantWords(text);
  for (const word of words.length > 0 ? words : [text]) {
    const hash = createHash("sha256").update(word).digest();
    for (let i = 0; i < 4; i++) {
      const place = hash.readUInt32LE(i * 8) % dimensions;
      vector[place] = (vector[place] ?? 0) + ((hash[i * 8 + 4] ?? 0) % 2 === 0 ? 1 : -1);
    }
  }
  const length = Math.hypot(...vector);
  return length === 0 ? vector.map((_, i) => (i === 0 ? 1 : 0)) : vector.map((number) => number / length);
}

function textsIn(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((text: Json): text is string => typeof text === "string") : [];
}

function dimensionsIn(value: Json | undefined): number {
  return firstNumber(value) ?? usualDimensions;
}

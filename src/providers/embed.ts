import type { EmbeddingModelV3 } from "@ai-sdk/provider";
import { CallFailure, type LlmAnswer } from "./provider.ts";
import type { LlmEmbedding } from "./request.ts";
import type { VendorOptions } from "./vendor-options.ts";

/** What embeddings are asked for with. */
export interface EmbedOptions {
  readonly signal: AbortSignal;
  readonly headers: Readonly<Record<string, string>>;
  readonly vendorOptions: VendorOptions;
}

/** Requests that one call makes side by side, where the vendor takes few texts at a time. */
const sideBySide = 8;

/**
 * Vectors of texts, in their order. Where the vendor takes fewer texts at a time than there are, several requests make one answer: all of it or none.
 * Throws what the package throws. @throws CallFailure malformed - there is not one vector for each text
 */
export async function embed(
  model: EmbeddingModelV3,
  { values }: LlmEmbedding,
  { signal, headers, vendorOptions: providerOptions }: EmbedOptions,
): Promise<LlmAnswer> {
  const most = (await model.maxEmbeddingsPerCall) ?? values.length;
  const portions: string[][] = [];
  for (let i = 0; i < values.length; i += most) portions.push(values.slice(i, i + most));
  // Requests that differ have keys that differ.
  const headersOf = (portion: number) => {
    const key = headers["idempotency-key"];
    return key === undefined || portion === 0 ? { ...headers } : { ...headers, "idempotency-key": `${key}-${portion}` };
  };
  const results: Awaited<ReturnType<EmbeddingModelV3["doEmbed"]>>[] = [];
  for (let i = 0; i < portions.length; i += sideBySide) {
    const some = portions.slice(i, i + sideBySide);
    const asked = some.map((portion, j) =>
      model.doEmbed({ values: portion, abortSignal: signal, headers: headersOf(i + j), providerOptions }),
    );
    results.push(...(await Promise.all(asked)));
  }
  const embeddings = results.flatMap((result) => result.embeddings);
  if (embeddings.length !== values.length || embeddings.some((vector) => vector.length === 0)) {
    const message = `The answer has ${embeddings.length} vectors for ${values.length} texts.`;
    throw new CallFailure("malformed", message, { httpStatus: 200 });
  }
  const counts = results.map(({ usage }) => usage?.tokens);
  const isCounted = counts.every((count) => count !== undefined && Number.isFinite(count));
  return {
    text: "",
    toolCalls: [],
    reasoning: [],
    embeddings,
    finishReason: "stop",
    usage: {
      inputTokens: isCounted ? counts.reduce<number>((sum, count = 0) => sum + count, 0) : null,
      outputTokens: 0,
      cachedInputTokens: null,
      reasoningTokens: null,
    },
    model: model.modelId,
    warnings: [],
    firstTokenMs: null,
  };
}

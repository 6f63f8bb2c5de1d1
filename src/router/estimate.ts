import type { Usage } from "../core/call.ts";
import type { LlmRequest } from "../providers/provider.ts";

/** What a request will probably use, before anybody has counted. */
export interface Estimate {
  readonly inputTokens: number;
  /** The most that it asks for. */
  readonly outputTokens: number;
}

/** English text and JSON have about four characters a token with every vendor's tokenizer. */
export const charactersPerToken = 4;

/** Output that is reckoned with where the request sets no limit. */
const usualOutputTokens = 1_000;

/** Estimates a request's tokens: its text by length, its output by its limit. */
export function estimateTokens(request: LlmRequest): Estimate {
  if (request.embed) {
    const characters = request.embed.values.reduce((sum, text) => sum + text.length, 0);
    return { inputTokens: Math.ceil(characters / charactersPerToken), outputTokens: 0 };
  }
  const texts = [request.system ?? "", ...request.messages.map(({ content }) => content)];
  const schema = request.outputSchema === undefined ? 0 : JSON.stringify(request.outputSchema).length;
  const characters = texts.reduce((sum, text) => sum + text.length, schema);
  return {
    inputTokens: Math.ceil(characters / charactersPerToken),
    outputTokens: request.maxTokens ?? usualOutputTokens,
  };
}

/** The estimate as if a provider had counted it. */
export function asUsage({ inputTokens, outputTokens }: Estimate): Usage {
  return { inputTokens, outputTokens, cachedInputTokens: null, reasoningTokens: null };
}

/** Characters that one token stands for, roughly, in English. */
const charactersPerToken = 4;

/** Tokens of a text, estimated from its length. At least 1. */
export function estimateTokens(text: string): number {
  return Math.max(1, Math.ceil(text.length / charactersPerToken));
}

/** The beginning of a text that has so many tokens by the same estimate. */
export function cutToTokens(text: string, tokens: number): string {
  return text.slice(0, tokens * charactersPerToken);
}

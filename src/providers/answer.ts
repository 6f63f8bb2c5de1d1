import type {
  LanguageModelV3Content,
  LanguageModelV3GenerateResult,
  SharedV3ProviderMetadata,
  SharedV3Warning,
} from "@ai-sdk/provider";
import type { Usage } from "../core/call.ts";
import type { JsonObject } from "../core/json.ts";
import type { AskOptions } from "./call-options.ts";
import { CallFailure, type LlmAnswer } from "./provider.ts";
import type { VendorNote } from "./request.ts";

/** A package's complete result, whole or put together from a stream. */
export interface Result {
  readonly content: readonly LanguageModelV3Content[];
  readonly finishReason: LanguageModelV3GenerateResult["finishReason"];
  readonly usage: LanguageModelV3GenerateResult["usage"];
  readonly warnings: readonly SharedV3Warning[];
  /** Model that the vendor says has answered. */
  readonly model: string;
  readonly firstTokenMs: number | null;
}

/** The answer in a package's result. @throws CallFailure - it is withheld, empty or an error */
export function toAnswer(result: Result, { type, warnings }: Pick<AskOptions, "type" | "warnings">): LlmAnswer {
  const finishReason = result.finishReason.unified;
  const text = result.content.map((part) => (part.type === "text" ? part.text : "")).join("");
  const toolCalls = result.content.flatMap((part) =>
    part.type === "tool-call" && !part.providerExecuted
      ? [{ id: part.toolCallId, name: part.toolName, arguments: part.input, ...noted(part.providerMetadata, type) }]
      : [],
  );
  refuseUseless({ text, toolCalls, finishReason, vendorsReason: result.finishReason.raw });
  return {
    text,
    toolCalls,
    reasoning: result.content.flatMap((part) =>
      part.type === "reasoning" ? [{ text: part.text, ...noted(part.providerMetadata, type) }] : [],
    ),
    finishReason,
    usage: toUsage(result.usage),
    model: result.model,
    warnings: [...warnings, ...result.warnings.map(toText)],
    firstTokenMs: result.firstTokenMs,
  };
}

/** What tells whether an answer is one. */
interface Ended extends Pick<LlmAnswer, "text" | "toolCalls" | "finishReason"> {
  /** The vendor's own word for why it ended. */
  readonly vendorsReason?: string;
}

/** @throws CallFailure - the answer is withheld, empty or an error */
export function refuseUseless({ text, toolCalls, finishReason, vendorsReason }: Ended): void {
  const httpStatus = 200;
  const why = vendorsReason ?? finishReason;
  if (finishReason === "content-filter") {
    throw new CallFailure("content_filtered", `The provider withheld its answer (${why}).`, { httpStatus });
  }
  if (text.trim() === "" && toolCalls.length === 0) {
    if (finishReason !== "length") throw new CallFailure("malformed", `The answer is empty (${why}).`, { httpStatus });
    const message = "The model used up its output tokens before it wrote text. Raise the request's token limit.";
    throw new CallFailure("caller", message, { httpStatus });
  }
  if (finishReason === "error") {
    throw new CallFailure("malformed", "The provider ended its answer with an error.", { httpStatus });
  }
}

function toUsage({ inputTokens, outputTokens }: Result["usage"]): Usage {
  return {
    inputTokens: inputTokens.total ?? null,
    outputTokens: outputTokens.total ?? null,
    cachedInputTokens: inputTokens.cacheRead ?? null,
    reasoningTokens: outputTokens.reasoning ?? null,
  };
}

function noted(data: SharedV3ProviderMetadata | undefined, type: string): { readonly vendor?: VendorNote } {
  return data === undefined ? {} : { vendor: { type, data: data as JsonObject } };
}

function toText(warning: SharedV3Warning): string {
  if (warning.type === "other") return warning.message;
  return `${warning.feature}: ${warning.details ?? (warning.type === "unsupported" ? "not supported, left out" : warning.type)}`;
}

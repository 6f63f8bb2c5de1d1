import type {
  LanguageModelV3Content,
  LanguageModelV3GenerateResult,
  SharedV3ProviderMetadata,
  SharedV3Warning,
} from "@ai-sdk/provider";
import type { ProviderType } from "../config/settings.ts";
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
  if (finishReason === "content-filter") {
    const why = result.finishReason.raw ?? finishReason;
    throw new CallFailure("content_filtered", `The provider withheld its answer (${why}).`, { httpStatus: 200 });
  }
  if (text.trim() === "" && toolCalls.length === 0) throw emptyAnswer(result);
  if (finishReason === "error") {
    throw new CallFailure("malformed", "The provider ended its answer with an error.", { httpStatus: 200 });
  }
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

function emptyAnswer({ finishReason }: Result): CallFailure {
  const httpStatus = 200;
  if (finishReason.unified === "length") {
    const message = "The model used up its output tokens before it wrote text. Raise the request's token limit.";
    return new CallFailure("caller", message, { httpStatus });
  }
  const why = finishReason.raw ?? finishReason.unified;
  return new CallFailure("malformed", `The answer is empty (${why}).`, { httpStatus });
}

function toUsage({ inputTokens, outputTokens }: Result["usage"]): Usage {
  return {
    inputTokens: inputTokens.total ?? null,
    outputTokens: outputTokens.total ?? null,
    cachedInputTokens: inputTokens.cacheRead ?? null,
    reasoningTokens: outputTokens.reasoning ?? null,
  };
}

function noted(data: SharedV3ProviderMetadata | undefined, type: ProviderType): { readonly vendor?: VendorNote } {
  return data === undefined ? {} : { vendor: { type, data: data as JsonObject } };
}

function toText(warning: SharedV3Warning): string {
  if (warning.type === "other") return warning.message;
  return `${warning.feature}: ${warning.details ?? (warning.type === "unsupported" ? "not supported, left out" : warning.type)}`;
}

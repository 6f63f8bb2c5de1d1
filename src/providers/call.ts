import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3GenerateResult,
  SharedV3Warning,
} from "@ai-sdk/provider";
import type { Usage } from "../core/call.ts";
import { toPrompt } from "./prompt.ts";
import { CallFailure, type LlmAnswer, type LlmRequest } from "./provider.ts";
import { isStrictSchema } from "./strict-schema.ts";

/** What a call needs besides the request. */
export interface GenerateOptions {
  readonly signal: AbortSignal;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the endpoint takes a JSON Schema; if not, the schema goes into the system prompt. */
  readonly structuredOutputs: boolean;
  /** Type of the provider. */
  readonly type: string;
}

/** One call at the packages' level: our request in, our answer out. Throws what the package throws, or a CallFailure for a useless answer. */
export async function generate(
  model: LanguageModelV3,
  request: LlmRequest,
  options: GenerateOptions,
): Promise<LlmAnswer> {
  const result = await model.doGenerate(toCallOptions(request, options));
  const text = result.content.map((part) => (part.type === "text" ? part.text : "")).join("");
  const finishReason = result.finishReason.unified;
  if (finishReason === "content-filter") {
    throw new CallFailure(
      "content_filtered",
      `The provider withheld its answer (${result.finishReason.raw ?? finishReason}).`,
      {
        httpStatus: 200,
      },
    );
  }
  if (text.trim() === "") throw emptyAnswer(result);
  if (finishReason === "error") {
    throw new CallFailure("malformed", "The provider ended its answer with an error.", { httpStatus: 200 });
  }
  return {
    text,
    toolCalls: [],
    reasoning: [],
    firstTokenMs: null,
    finishReason,
    usage: toUsage(result.usage),
    model: result.response?.modelId ?? model.modelId,
    warnings: result.warnings.map(toText),
  };
}

function emptyAnswer({ finishReason }: LanguageModelV3GenerateResult): CallFailure {
  const httpStatus = 200;
  if (finishReason.unified === "length") {
    const message = "The model used up its output tokens before it wrote text. Raise the request's token limit.";
    return new CallFailure("caller", message, { httpStatus });
  }
  return new CallFailure("malformed", `The answer is empty (${finishReason.raw ?? finishReason.unified}).`, {
    httpStatus,
  });
}

function toCallOptions(request: LlmRequest, options: GenerateOptions): LanguageModelV3CallOptions {
  const { outputSchema } = request;
  const system = outputSchema && !options.structuredOutputs ? withSchema(request.system, outputSchema) : request.system;
  return {
    prompt: toPrompt(system, request.messages, options.type),
    maxOutputTokens: request.maxTokens,
    temperature: request.temperature,
    topP: request.topP,
    stopSequences: request.stop ? [...request.stop] : undefined,
    seed: request.seed,
    abortSignal: options.signal,
    headers: { ...options.headers },
    ...(outputSchema
      ? {
          responseFormat: {
            type: "json",
            name: "answer",
            ...(options.structuredOutputs ? { schema: outputSchema as JsonSchema } : {}),
          },
          providerOptions: strictness(isStrictSchema(outputSchema)),
        }
      : {}),
  };
}

type JsonSchema = Extract<LanguageModelV3CallOptions["responseFormat"], { type: "json" }>["schema"];

/** Each package reads its own entry and ignores the others. */
function strictness(strictJsonSchema: boolean): LanguageModelV3CallOptions["providerOptions"] {
  return { openai: { strictJsonSchema }, openaiCompatible: { strictJsonSchema } };
}

function withSchema(system: string | undefined, schema: object): string {
  const ask = `Answer with one JSON value that matches this JSON Schema, and nothing else:\n${JSON.stringify(schema)}`;
  return system ? `${system}\n\n${ask}` : ask;
}

function toUsage({ inputTokens, outputTokens }: LanguageModelV3GenerateResult["usage"]): Usage {
  return {
    inputTokens: inputTokens.total ?? null,
    outputTokens: outputTokens.total ?? null,
    cachedInputTokens: inputTokens.cacheRead ?? null,
    reasoningTokens: outputTokens.reasoning ?? null,
  };
}

function toText(warning: SharedV3Warning): string {
  if (warning.type === "other") return warning.message;
  return `${warning.feature}: ${warning.details ?? (warning.type === "unsupported" ? "not supported, left out" : warning.type)}`;
}

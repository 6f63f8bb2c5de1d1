import type { Served } from "../../core/call.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { LlmAnswer } from "../../providers/provider.ts";
import type { AnswerPart, WireEvent } from "../../providers/wire.ts";
import type { WireCodec, WireHead, WireStream } from "./codec.ts";
import { readChat } from "./openai-chat-read.ts";
import { openaiError } from "./openai-error.ts";

/** OpenAI's chat completions. */
export const openaiChat: WireCodec = {
  format: "openai-chat",
  read: readChat,
  write(answer, { id, at, served }) {
    const thought = answer.reasoning.map(({ text }) => text).join("");
    return {
      id: `chatcmpl-${id}`,
      object: "chat.completion",
      created: Math.floor(at / 1_000),
      model: served.modelServed,
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: answer.text === "" && answer.toolCalls.length > 0 ? null : answer.text,
            refusal: null,
            ...(thought === "" ? {} : { reasoning_content: thought }),
            ...(answer.toolCalls.length > 0 ? { tool_calls: answer.toolCalls.map(toToolCall) } : {}),
          },
          logprobs: null,
          finish_reason: reasonOf(answer),
        },
      ],
      usage: usageOf(answer),
    };
  },
  stream({ withUsage = false }, head) {
    return new ChunkWriter(head, withUsage);
  },
  error: openaiError,
};

/** Writes an answer as the chunks of a stream. */
class ChunkWriter implements WireStream {
  readonly #head: Pick<WireHead, "id" | "at">;
  readonly #withUsage: boolean;
  #hasBegun = false;
  #model = "";

  constructor(head: Pick<WireHead, "id" | "at">, withUsage: boolean) {
    this.#head = head;
    this.#withUsage = withUsage;
  }

  part(part: Exclude<AnswerPart, { type: "wire" }>, model: string): readonly WireEvent[] {
    const begin = this.#begin(model);
    return [...begin, this.#chunk(deltaOf(part))];
  }

  end(answer: LlmAnswer, served: Served): readonly WireEvent[] {
    const usage = this.#withUsage ? [this.#event([], { usage: usageOf(answer) })] : [];
    return [...this.#begin(served.modelServed), this.#chunk({}, reasonOf(answer)), ...usage, done];
  }

  broken(error: Parameters<WireStream["broken"]>[0]): readonly WireEvent[] {
    return [{ event: null, data: JSON.stringify(openaiError(error).body) }];
  }

  #begin(model: string): readonly WireEvent[] {
    if (this.#hasBegun) return [];
    this.#hasBegun = true;
    this.#model = model;
    return [this.#chunk({ role: "assistant", content: "", refusal: null })];
  }

  #chunk(delta: JsonObject, reason: string | null = null): WireEvent {
    return this.#event(
      [{ index: 0, delta, logprobs: null, finish_reason: reason }],
      this.#withUsage ? { usage: null } : {},
    );
  }

  #event(choices: Json, more: JsonObject): WireEvent {
    const { id, at } = this.#head;
    const chunk = {
      id: `chatcmpl-${id}`,
      object: "chat.completion.chunk",
      created: Math.floor(at / 1_000),
      model: this.#model,
      choices,
      ...more,
    };
    return { event: null, data: JSON.stringify(chunk) };
  }
}

const done: WireEvent = { event: null, data: "[DONE]" };

function deltaOf(part: Exclude<AnswerPart, { type: "wire" }>): JsonObject {
  switch (part.type) {
    case "text":
      return { content: part.text };
    case "reasoning":
      return { reasoning_content: part.text };
    case "tool": {
      const { index, id, name } = part;
      return { tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] };
    }
    case "arguments":
      return { tool_calls: [{ index: part.index, function: { arguments: part.text } }] };
  }
}

function toToolCall({ id, name, arguments: text }: LlmAnswer["toolCalls"][number]): JsonObject {
  return { id, type: "function", function: { name, arguments: text === "" ? "{}" : text } };
}

const reasons: Readonly<Record<string, string>> = {
  length: "length",
  "tool-calls": "tool_calls",
  "content-filter": "content_filter",
};

function reasonOf({ finishReason, toolCalls }: LlmAnswer): string {
  return reasons[finishReason] ?? (toolCalls.length > 0 ? "tool_calls" : "stop");
}

function usageOf({ usage }: LlmAnswer): JsonObject {
  const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens } = usage;
  const input = inputTokens ?? 0;
  const output = outputTokens ?? 0;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    ...(cachedInputTokens === null ? {} : { prompt_tokens_details: { cached_tokens: cachedInputTokens } }),
    ...(reasoningTokens === null ? {} : { completion_tokens_details: { reasoning_tokens: reasoningTokens } }),
  };
}

import type { Usage } from "../../core/call.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { CallFailure } from "../provider.ts";
import type { LlmToolCall } from "../request.ts";
import type { WireEvent, WireRequest } from "../wire.ts";
import type { Passage, PassageReading, Passed, Sign } from "./passage.ts";
import { countOf, listOf, membersOf, nameOf, textIn } from "./read-json.ts";

/** OpenAI's chat completions, which half of the field speaks. */
export const openaiChat: Passage = {
  format: "openai-chat",
  body({ body }, model, isStreamed) {
    if (!isStreamed) return { ...body, model };
    const options = isJsonObject(body.stream_options) ? body.stream_options : {};
    return { ...body, model, stream: true, stream_options: { ...options, include_usage: true } };
  },
  answer(body) {
    const [choice] = choicesOf(body);
    if (!choice) {
      if (isJsonObject(body.error)) throw body.error;
      throw new CallFailure("malformed", "The answer has no choices.", { httpStatus: 200 });
    }
    const message = isJsonObject(choice.message) ? choice.message : {};
    return {
      text: textIn(message.content) + textIn(message.refusal),
      toolCalls: listOf(message.tool_calls).map(toToolCall),
      ...reasonOf(choice.finish_reason),
      usage: usageOf(body.usage),
      model: nameOf(body.model),
    };
  },
  reading: (request) => new ChunkReading(request),
};

/** Reads the chunks of one stream. */
class ChunkReading implements PassageReading {
  readonly #wantsUsage: boolean;
  /** Choices that were asked for: the answer has ended when each has. */
  readonly #wanted: number;
  readonly #ended = new Set<Json | undefined>();
  readonly #texts: string[] = [];
  readonly #calls = new Map<Json | undefined, { id: string; name: string; arguments: string }>();
  #reason: Json | undefined;
  #usage: Json | undefined;
  #model: string | undefined;

  constructor({ body }: WireRequest) {
    this.#wantsUsage = isJsonObject(body.stream_options) && body.stream_options.include_usage === true;
    this.#wanted = typeof body.n === "number" ? body.n : 1;
  }

  event({ data }: WireEvent): Sign {
    if (data === "[DONE]") return "end";
    const chunk: unknown = JSON.parse(data);
    if (!isJsonObject(chunk)) return "prelude";
    if (isJsonObject(chunk.error)) throw chunk.error;
    this.#model ??= nameOf(chunk.model);
    if (isJsonObject(chunk.usage)) this.#usage = chunk.usage;
    const choices = choicesOf(chunk);
    if (choices.length === 0 && isJsonObject(chunk.usage)) return this.#wantsUsage ? "end" : "kept";
    let isAlive = false;
    for (const choice of choices) isAlive = this.#choice(choice) || isAlive;
    if (this.#ended.size >= this.#wanted) return "end";
    return isAlive ? "alive" : "prelude";
  }

  end(): Passed | undefined {
    if (this.#ended.size < this.#wanted) return undefined;
    return {
      text: this.#texts.join(""),
      toolCalls: [...this.#calls.values()],
      ...reasonOf(this.#reason),
      usage: usageOf(this.#usage),
      model: this.#model,
    };
  }

  /** @returns whether it says something */
  #choice({ index = 0, delta, finish_reason: reason }: JsonObject): boolean {
    if (typeof reason === "string") {
      this.#ended.add(index);
      if (index === 0) this.#reason = reason;
    }
    if (!isJsonObject(delta)) return false;
    const text = textIn(delta.content) + textIn(delta.refusal);
    if (index === 0 && text !== "") this.#texts.push(text);
    const calls = listOf(delta.tool_calls);
    if (index === 0) for (const call of calls) this.#call(call);
    const thought = delta.reasoning_content ?? delta.reasoning;
    return text !== "" || calls.length > 0 || (thought !== undefined && thought !== null && thought !== "");
  }

  #call(piece: JsonObject): void {
    const { id, name, arguments: text } = toToolCall(piece);
    const call = this.#calls.get(piece.index) ?? { id, name, arguments: "" };
    call.arguments += text;
    this.#calls.set(piece.index, call);
  }
}

const reasons: Readonly<Record<string, string>> = {
  stop: "stop",
  length: "length",
  tool_calls: "tool-calls",
  function_call: "tool-calls",
  content_filter: "content-filter",
};

function reasonOf(reason: Json | undefined): Pick<Passed, "finishReason" | "vendorsReason"> {
  if (typeof reason !== "string") return { finishReason: "other", vendorsReason: undefined };
  return { finishReason: reasons[reason] ?? "other", vendorsReason: reason };
}

function toToolCall({ id, function: called }: JsonObject): LlmToolCall {
  const { name, arguments: text } = isJsonObject(called) ? called : {};
  return { id: textIn(id), name: textIn(name), arguments: textIn(text) };
}

function usageOf(usage: Json | undefined): Usage {
  const { prompt_tokens, completion_tokens, prompt_tokens_details, completion_tokens_details } = membersOf(usage);
  return {
    inputTokens: countOf(prompt_tokens),
    outputTokens: countOf(completion_tokens),
    cachedInputTokens: countOf(membersOf(prompt_tokens_details).cached_tokens),
    reasoningTokens: countOf(membersOf(completion_tokens_details).reasoning_tokens),
  };
}

function choicesOf({ choices }: JsonObject): readonly JsonObject[] {
  return listOf(choices);
}

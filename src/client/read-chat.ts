import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { ChatAnswer, ChatPiece, ChatToolCall, MadeCall, ServedBy } from "./chat.ts";

/** Reads a whole answer of chat completions. Pure. */
export function readAnswer(body: JsonObject): ChatAnswer {
  const [choice] = objectsIn(body.choices);
  const message = objectOf(choice?.message);
  const toolCalls = objectsIn(message.tool_calls).map(toToolCall);
  const { switchyard, usage } = body;
  return answerOf(
    textOf(message.content),
    toolCalls,
    textOf(choice?.finish_reason),
    message,
    servedBy(switchyard, usage),
  );
}

/** Who answered, by what the server adds to bodies and streams. */
export function servedBy(added: Json | undefined, usage: Json | undefined): ServedBy {
  const { provider, model, calls, cost_usd: costUsd, warnings } = objectOf(added);
  return {
    served: { provider: textOf(provider), model: textOf(model) },
    calls: objectsIn(calls).map(toCall),
    costUsd: numberOf(costUsd),
    warnings: Array.isArray(warnings) ? warnings.filter((one) => typeof one === "string") : [],
    usage: usageOf(objectOf(usage)),
  };
}

/** Puts an answer together from the chunks of its stream. */
export class ChatReading {
  readonly #texts: string[] = [];
  readonly #thoughts: string[] = [];
  readonly #calls = new Map<number, { id: string; name: string; arguments: string }>();
  #reason = "";
  #usage: Json | undefined;
  #added: Json | undefined;

  /** @returns what the chunk says */
  chunk(chunk: JsonObject): readonly ChatPiece[] {
    if (isJsonObject(chunk.usage)) this.#usage = chunk.usage;
    this.#added ??= chunk.switchyard;
    const choice = objectsIn(chunk.choices).find(({ index = 0 }) => index === 0);
    if (!choice) return [];
    this.#reason = textOf(choice.finish_reason) || this.#reason;
    const { content, reasoning_content: thought, tool_calls: calls } = objectOf(choice.delta);
    return [
      ...this.#piece("reasoning", this.#thoughts, textOf(thought)),
      ...this.#piece("text", this.#texts, textOf(content)),
      ...objectsIn(calls).flatMap((call) => this.#call(call)),
    ];
  }

  end(): ChatAnswer {
    const text = this.#texts.join("");
    const thought = this.#thoughts.join("");
    const toolCalls = [...this.#calls.values()];
    const message = {
      role: "assistant",
      content: text === "" && toolCalls.length > 0 ? null : text,
      ...(thought === "" ? {} : { reasoning_content: thought }),
      ...(toolCalls.length > 0 ? { tool_calls: toolCalls.map(fromToolCall) } : {}),
    };
    return answerOf(text, toolCalls, this.#reason, message, servedBy(this.#added, this.#usage));
  }

  #piece(type: "text" | "reasoning", all: string[], text: string): readonly ChatPiece[] {
    if (text === "") return [];
    all.push(text);
    return [{ type, text }];
  }

  #call(piece: JsonObject): readonly ChatPiece[] {
    const index = numberOf(piece.index) ?? 0;
    const { id, name, arguments: text } = toToolCall(piece);
    const known = this.#calls.get(index);
    const call = known ?? { id, name, arguments: "" };
    call.arguments += text;
    this.#calls.set(index, call);
    const begun: readonly ChatPiece[] = known ? [] : [{ type: "tool", index, id, name }];
    return text === "" ? begun : [...begun, { type: "arguments", index, text }];
  }
}

function answerOf(
  text: string,
  toolCalls: readonly ChatToolCall[],
  finishReason: string,
  message: JsonObject,
  served: ServedBy,
): ChatAnswer {
  return { text, toolCalls, finishReason, message: { ...message, role: "assistant" }, ...served };
}

function toCall({ provider, model, ok, class: failure, status, message, duration_ms, cost_usd }: JsonObject): MadeCall {
  return {
    provider: textOf(provider),
    model: textOf(model),
    ok: ok === true,
    ...(typeof failure === "string"
      ? { failure: { class: failure, status: numberOf(status), message: textOf(message) } }
      : {}),
    durationMs: numberOf(duration_ms) ?? 0,
    costUsd: numberOf(cost_usd),
  };
}

function toToolCall({ id, function: called }: JsonObject): ChatToolCall {
  const { name, arguments: text } = objectOf(called);
  return { id: textOf(id), name: textOf(name), arguments: textOf(text) };
}

function fromToolCall({ id, name, arguments: text }: ChatToolCall): JsonObject {
  return { id, type: "function", function: { name, arguments: text } };
}

function usageOf({ prompt_tokens, completion_tokens, prompt_tokens_details, completion_tokens_details }: JsonObject) {
  return {
    inputTokens: numberOf(prompt_tokens),
    outputTokens: numberOf(completion_tokens),
    cachedInputTokens: numberOf(objectOf(prompt_tokens_details).cached_tokens),
    reasoningTokens: numberOf(objectOf(completion_tokens_details).reasoning_tokens),
  };
}

function objectsIn(list: Json | undefined): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: Json | undefined): number | null {
  return typeof value === "number" ? value : null;
}

import type { Usage } from "../../core/call.ts";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { CallFailure } from "../provider.ts";
import type { LlmToolCall } from "../request.ts";
import type { WireEvent } from "../wire.ts";
import type { Passage, PassageReading, PassageWay, Passed, Sign } from "./passage.ts";
import { countOf, listOf, membersOf, nameOf, textIn } from "./read-json.ts";

/** Anthropic's messages. */
export const anthropicMessages: Passage = {
  format: "anthropic-messages",
  body({ body }, model, isStreamed) {
    const { stream: _, ...rest } = body;
    return { ...rest, model, ...(isStreamed ? { stream: true } : {}) };
  },
  answer(body) {
    if (body.type === "error" && isJsonObject(body.error)) throw body.error;
    if (!Array.isArray(body.content)) {
      throw new CallFailure("malformed", "The answer has no content.", { httpStatus: 200 });
    }
    const blocks = listOf(body.content);
    return {
      text: blocks.map(({ type, text }) => (type === "text" ? textIn(text) : "")).join(""),
      toolCalls: blocks.flatMap((block) => (block.type === "tool_use" ? [toToolCall(block)] : [])),
      ...reasonOf(textIn(body.stop_reason)),
      usage: usageOf(membersOf(body.usage)),
      model: nameOf(body.model),
    };
  },
  reading: () => new EventReading(),
};

/** The way into Anthropic's messages. @param baseUrl with its `/v1` */
export function messagesWay(baseUrl: string): PassageWay {
  const url = `${baseUrl.replace(/\/+$/, "")}/messages`;
  return {
    passage: anthropicMessages,
    url: () => url,
    headers: (apiKey) => ({ "x-api-key": apiKey ?? "", "anthropic-version": "2023-06-01" }),
  };
}

/** Reads the events of one stream. */
class EventReading implements PassageReading {
  readonly #texts: string[] = [];
  readonly #calls = new Map<number | null, LlmToolCall & { arguments: string }>();
  #usage: JsonObject = {};
  #reason = "";
  #model: string | undefined;
  #hasEnded = false;

  event({ data }: WireEvent): Sign {
    const event: unknown = JSON.parse(data);
    if (!isJsonObject(event)) return "prelude";
    switch (event.type) {
      case "error":
        throw membersOf(event.error);
      case "message_start": {
        const message = membersOf(event.message);
        this.#model = nameOf(message.model);
        this.#usage = membersOf(message.usage);
        return "prelude";
      }
      case "content_block_start":
        return this.#block(countOf(event.index), membersOf(event.content_block));
      case "content_block_delta":
        return this.#delta(countOf(event.index), membersOf(event.delta));
      case "message_delta":
        this.#reason = textIn(membersOf(event.delta).stop_reason);
        this.#usage = withCounts(this.#usage, membersOf(event.usage));
        return "end";
      case "message_stop":
        this.#hasEnded = true;
        return "end";
      default:
        return "prelude";
    }
  }

  end(): Passed | undefined {
    if (!this.#hasEnded) return undefined;
    return {
      text: this.#texts.join(""),
      toolCalls: [...this.#calls.values()],
      ...reasonOf(this.#reason),
      usage: usageOf(this.#usage),
      model: this.#model,
    };
  }

  #block(index: number | null, block: JsonObject): Sign {
    if (block.type === "text") return this.#text(textIn(block.text));
    if (block.type === "tool_use") {
      this.#calls.set(index, { id: textIn(block.id), name: textIn(block.name), arguments: "" });
    }
    return "alive";
  }

  #delta(index: number | null, { type, text, partial_json: json }: JsonObject): Sign {
    if (type === "text_delta") return this.#text(textIn(text));
    const call = this.#calls.get(index);
    if (type === "input_json_delta" && call) call.arguments += textIn(json);
    return "alive";
  }

  /** An empty piece opens a block: nothing is said yet. */
  #text(text: string): Sign {
    this.#texts.push(text);
    return text === "" ? "prelude" : "alive";
  }
}

/** Counts of the end lie over those of the beginning; null says nothing. */
function withCounts(before: JsonObject, after: JsonObject): JsonObject {
  return { ...before, ...Object.fromEntries(Object.entries(after).filter(([, count]) => countOf(count) !== null)) };
}

const reasons: Readonly<Record<string, string>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  pause_turn: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool-calls",
  refusal: "content-filter",
};

function reasonOf(reason: string): Pick<Passed, "finishReason" | "vendorsReason"> {
  return { finishReason: reasons[reason] ?? "other", vendorsReason: reason === "" ? undefined : reason };
}

function toToolCall({ id, name, input }: JsonObject): LlmToolCall {
  return { id: textIn(id), name: textIn(name), arguments: JSON.stringify(input ?? {}) };
}

/** Anthropic counts what was read from its cache, and written to it, apart from the rest of the input. */
function usageOf(usage: JsonObject): Usage {
  const input = countOf(usage.input_tokens);
  const read = countOf(usage.cache_read_input_tokens);
  const written = countOf(usage.cache_creation_input_tokens);
  return {
    inputTokens: input === null ? null : input + (read ?? 0) + (written ?? 0),
    outputTokens: countOf(usage.output_tokens),
    cachedInputTokens: read,
    reasoningTokens: null,
  };
}

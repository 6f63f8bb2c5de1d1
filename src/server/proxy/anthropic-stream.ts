import type { Served } from "../../core/call.ts";
import type { AppError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { LlmAnswer } from "../../providers/provider.ts";
import type { AnswerPart, WireEvent } from "../../providers/wire.ts";
import { sealedBlock, stopReason, toUsage } from "./anthropic-answer.ts";
import { anthropicError } from "./anthropic-error.ts";
import type { WireAsk, WireHead, WireStream } from "./codec.ts";
import { unsigned } from "./sealed.ts";

type Part = Exclude<AnswerPart, { readonly type: "wire" }>;

/** The block that is being written. */
interface Open {
  readonly type: "text" | "thinking" | "tool_use";
  /** Of a tool call: its number, and its arguments so far. */
  readonly call?: number;
  text: string;
}

/**
 * A message as it is written: `message_start`, then block after block, then why it ended. In this format a block ends before the next begins, while calls may come
 * side by side: what belongs to a later call waits until the arguments of the one before are complete.
 */
export class MessageStream implements WireStream {
  readonly #ask: WireAsk;
  readonly #id: string;
  #hasBegun = false;
  #open: Open | undefined;
  #index = -1;
  #waiting: Part[] = [];
  #hasText = false;
  #calls = 0;

  constructor(ask: WireAsk, { id }: Pick<WireHead, "id">) {
    this.#ask = ask;
    this.#id = id;
  }

  part(part: Part, model: string): readonly WireEvent[] {
    this.#waiting.push(part);
    return [...this.#begin(model), ...this.#written(false)];
  }

  end(answer: LlmAnswer, served: Served): readonly WireEvent[] {
    const events = this.#begin(served.modelServed);
    events.push(...this.#written(true));
    if (!this.#hasText && answer.text !== "") events.push(...this.#write({ type: "text", text: answer.text }));
    answer.toolCalls.slice(this.#calls).forEach(({ id, name, arguments: text }, i) => {
      const index = this.#calls + i;
      events.push(
        ...this.#write({ type: "tool", index, id, name }),
        ...this.#write({ type: "arguments", index, text }),
      );
    });
    events.push(...this.#close());
    const sealed = sealedBlock(answer);
    if (sealed) {
      this.#index++;
      events.push(this.#event("content_block_start", { content_block: sealed }), this.#event("content_block_stop"));
    }
    events.push(
      event("message_delta", {
        delta: { stop_reason: stopReason(answer), stop_sequence: null },
        usage: toUsage(answer.usage),
      }),
      event("message_stop", {}),
    );
    return events;
  }

  broken(error: AppError): readonly WireEvent[] {
    return [{ event: "error", data: JSON.stringify(anthropicError(error).body) }];
  }

  #begin(model: string): WireEvent[] {
    if (this.#hasBegun) return [];
    this.#hasBegun = true;
    const message = {
      id: `msg_${this.#id}`,
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 0, output_tokens: 0 },
    };
    return [event("message_start", { message }), event("ping", {})];
  }

  /** Writes what waits, as far as it may be written now. @param isLast nothing more comes: all of it */
  #written(isLast: boolean): WireEvent[] {
    const events: WireEvent[] = [];
    for (;;) {
      const [part] = this.#waiting.splice(this.#next(isLast), 1);
      if (!part) return events;
      events.push(...this.#write(part));
    }
  }

  /** Place of the part that is to be written next: arguments of the open call go before what waits for its end. Past the end: none may be. */
  #next(isLast: boolean): number {
    const open = this.#open;
    const own = this.#waiting.findIndex((part) => part.type === "arguments" && part.index === open?.call);
    if (own >= 0) return own;
    const mustWait = open?.call !== undefined && !isLast && this.#waiting.length > 0 && !isComplete(open.text);
    return mustWait ? this.#waiting.length : 0;
  }

  #write(part: Part): WireEvent[] {
    switch (part.type) {
      case "text":
        this.#hasText = true;
        return [
          ...this.#opened({ type: "text", text: "" }, { type: "text", text: "" }),
          this.#delta({ type: "text_delta", text: part.text }),
        ];
      case "reasoning":
        if (this.#ask.request.reasoning === undefined || part.text === "") return [];
        return [
          ...this.#opened({ type: "thinking", text: "" }, { type: "thinking", thinking: "", signature: "" }),
          this.#delta({ type: "thinking_delta", thinking: part.text }),
        ];
      case "tool": {
        const { id, name, index } = part;
        this.#calls = Math.max(this.#calls, index + 1);
        return this.#opened({ type: "tool_use", call: index, text: "" }, { type: "tool_use", id, name, input: {} });
      }
      case "arguments":
        if (this.#open?.call !== part.index) return [];
        this.#open.text += part.text;
        return [this.#delta({ type: "input_json_delta", partial_json: part.text })];
    }
  }

  #opened(block: Open, shown: JsonObject): WireEvent[] {
    if (this.#open?.type === block.type && block.call === undefined) return [];
    const events = this.#close();
    this.#open = block;
    this.#index++;
    return [...events, this.#event("content_block_start", { content_block: shown })];
  }

  #close(): WireEvent[] {
    if (!this.#open) return [];
    const signed =
      this.#open.type === "thinking" ? [this.#delta({ type: "signature_delta", signature: unsigned })] : [];
    this.#open = undefined;
    return [...signed, this.#event("content_block_stop")];
  }

  #delta(delta: JsonObject): WireEvent {
    return this.#event("content_block_delta", { delta });
  }

  #event(type: string, members: JsonObject = {}): WireEvent {
    return event(type, { index: this.#index, ...members });
  }
}

function event(type: string, members: JsonObject): WireEvent {
  return { event: type, data: JSON.stringify({ type, ...members }) };
}

function isComplete(text: string): boolean {
  if (text === "") return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

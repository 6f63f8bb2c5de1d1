import type { Served } from "../../core/call.ts";
import type { AppError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { LlmAnswer } from "../../providers/provider.ts";
import type { AnswerPart, WireEvent } from "../../providers/wire.ts";
import type { WireAsk, WireHead, WireStream } from "./codec.ts";
import { openaiError } from "./openai-error.ts";
import {
  callItem,
  ended,
  incompleteReason,
  itemId,
  messageItem,
  reasoningItem,
  responseBody,
  sealedItem,
} from "./responses-answer.ts";

import { seal } from "./sealed.ts";

type Part = Exclude<AnswerPart, { readonly type: "wire" }>;

/** An item that is being written. */
interface Open {
  /** Its place in the output. */
  readonly n: number;
  readonly type: "message" | "reasoning";
  text: string;
}

/** A tool call that is being written; calls may come side by side. */
interface OpenCall {
  readonly n: number;
  readonly id: string;
  readonly name: string;
  text: string;
}

/** A response as it is written: `response.created`, its items piece by piece, `response.completed`. */
export class ResponseStream implements WireStream {
  readonly #ask: WireAsk;
  readonly #head: Pick<WireHead, "id" | "at">;
  #body: JsonObject | undefined;
  #number = 0;
  #open: Open | undefined;
  readonly #calls = new Map<number, OpenCall>();
  #ended: JsonObject[] = [];
  #items = 0;
  #hasText = false;

  constructor(ask: WireAsk, head: Pick<WireHead, "id" | "at">) {
    this.#ask = ask;
    this.#head = head;
  }

  part(part: Part, model: string): readonly WireEvent[] {
    return [...this.#begin(model), ...this.#write(part)];
  }

  end(answer: LlmAnswer, served: Served): readonly WireEvent[] {
    const events = this.#begin(served.modelServed);
    if (!this.#hasText && answer.text !== "") events.push(...this.#write({ type: "text", text: answer.text }));
    const told = this.#calls.size;
    answer.toolCalls.slice(told).forEach(({ id, name, arguments: text }, i) => {
      const index = told + i;
      events.push(
        ...this.#write({ type: "tool", index, id, name }),
        ...this.#write({ type: "arguments", index, text }),
      );
    });
    events.push(...this.#close(), ...[...this.#calls.values()].flatMap((call) => this.#closeCall(call)));
    const sealed = seal(answer);
    if (sealed !== undefined) {
      const item = sealedItem(this.#head.id, this.#items, sealed);
      events.push(this.#added(this.#items, item), this.#done(this.#items++, item));
    }
    const type = incompleteReason(answer) === null ? "response.completed" : "response.incomplete";
    const body = { ...this.#body, model: served.modelServed };
    events.push(this.#event(type, { response: ended(answer, this.#ended, body) }));
    return events;
  }

  broken(error: AppError): readonly WireEvent[] {
    const { error: told } = openaiError(error).body;
    const { message, code } = error;
    return [this.#event("error", { code, message, param: null, error: told })];
  }

  #begin(model: string): WireEvent[] {
    if (this.#body) return [];
    const response = responseBody(this.#head, model, this.#ask);
    this.#body = response;
    return [this.#event("response.created", { response }), this.#event("response.in_progress", { response })];
  }

  #write(part: Part): WireEvent[] {
    switch (part.type) {
      case "text":
        this.#hasText = true;
        return [...this.#opened("message"), ...this.#piece(part.text)];
      case "reasoning":
        if (this.#ask.request.reasoning === undefined || part.text === "") return [];
        return [...this.#opened("reasoning"), ...this.#piece(part.text)];
      case "tool": {
        const { id, name, index } = part;
        const closing = this.#close();
        const call = { n: this.#items++, id, name, text: "" };
        this.#calls.set(index, call);
        const item = { ...callItem(this.#head.id, call.n, { id, name, arguments: "" }), status: "in_progress" };
        return [...closing, this.#added(call.n, item)];
      }
      case "arguments": {
        const call = this.#calls.get(part.index);
        if (!call) return [];
        call.text += part.text;
        const place = { item_id: itemId("fc", this.#head.id, call.n), output_index: call.n };
        return [this.#event("response.function_call_arguments.delta", { ...place, delta: part.text })];
      }
    }
  }

  #opened(type: Open["type"]): WireEvent[] {
    if (this.#open?.type === type) return [];
    const events = this.#close();
    const open: Open = { n: this.#items++, type, text: "" };
    this.#open = open;
    const { id } = this.#head;
    const item =
      type === "message"
        ? { ...messageItem(id, open.n, ""), status: "in_progress", content: [] }
        : { ...reasoningItem(id, open.n, ""), summary: [] };
    const added = this.#added(open.n, item);
    const begun =
      type === "message"
        ? this.#event("response.content_part.added", { ...this.#place(open), part: textPart("") })
        : this.#event("response.reasoning_summary_part.added", { ...this.#place(open), part: thoughtPart("") });
    return [...events, added, begun];
  }

  #piece(text: string): WireEvent[] {
    const open = this.#open;
    if (!open) return [];
    open.text += text;
    return open.type === "message"
      ? [this.#event("response.output_text.delta", { ...this.#place(open), delta: text, logprobs: [] })]
      : [this.#event("response.reasoning_summary_text.delta", { ...this.#place(open), delta: text })];
  }

  /** Ends the item that is being written. */
  #close(): WireEvent[] {
    const open = this.#open;
    if (!open) return [];
    this.#open = undefined;
    const { n, text } = open;
    const place = this.#place(open);
    if (open.type === "message") {
      return [
        this.#event("response.output_text.done", { ...place, text, logprobs: [] }),
        this.#event("response.content_part.done", { ...place, part: textPart(text) }),
        this.#done(n, messageItem(this.#head.id, n, text)),
      ];
    }
    return [
      this.#event("response.reasoning_summary_text.done", { ...place, text }),
      this.#event("response.reasoning_summary_part.done", { ...place, part: thoughtPart(text) }),
      this.#done(n, reasoningItem(this.#head.id, n, text)),
    ];
  }

  #closeCall({ n, id, name, text }: OpenCall): WireEvent[] {
    const place = { item_id: itemId("fc", this.#head.id, n), output_index: n };
    return [
      this.#event("response.function_call_arguments.done", { ...place, name, arguments: text }),
      this.#done(n, callItem(this.#head.id, n, { id, name, arguments: text })),
    ];
  }

  #place({ n, type }: Open): JsonObject {
    return type === "message"
      ? { item_id: itemId("msg", this.#head.id, n), output_index: n, content_index: 0 }
      : { item_id: itemId("rs", this.#head.id, n), output_index: n, summary_index: 0 };
  }

  #added(n: number, item: JsonObject): WireEvent {
    return this.#event("response.output_item.added", { output_index: n, item });
  }

  #done(n: number, item: JsonObject): WireEvent {
    this.#ended[n] = item;
    return this.#event("response.output_item.done", { output_index: n, item });
  }

  #event(type: string, members: JsonObject): WireEvent {
    return { event: type, data: JSON.stringify({ type, sequence_number: this.#number++, ...members }) };
  }
}

function textPart(text: string): JsonObject {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

function thoughtPart(text: string): JsonObject {
  return { type: "summary_text", text };
}

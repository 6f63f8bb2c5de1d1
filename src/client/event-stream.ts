/** One message of a `text/event-stream`. */
export interface StreamMessage {
  /** The last id that the stream has named, or an empty text. */
  readonly id: string;
  /** Its event name; `message` where the stream named none. */
  readonly event: string;
  readonly data: string;
}

/**
 * Reads a `text/event-stream` (WHATWG HTML, 9.2) from chunks that may be cut anywhere, also inside a line ending. Comments and
 * unknown fields are passed over; a message that the stream's end cut off is never given.
 */
export class EventStreamParser {
  #rest = "";
  #started = false;
  #id = "";
  #event = "";
  #data: string[] = [];
  /** Wait before a reconnection, as the stream asked, in milliseconds; undefined while it did not say. */
  retryMs: number | undefined;

  /** @param chunk the next text, decoded as UTF-8 by a streaming decoder. @returns the messages that it completed. */
  push(chunk: string): StreamMessage[] {
    let text = this.#rest + chunk;
    if (!this.#started && text.length > 0) {
      this.#started = true;
      if (text.startsWith("\uFEFF")) text = text.slice(1);
    }
    const messages: StreamMessage[] = [];
    let start = 0;
    for (;;) {
      const end = lineEnd(text, start);
      if (!end) break;
      const message = this.#line(text.slice(start, end.at));
      if (message) messages.push(message);
      start = end.next;
    }
    this.#rest = text.slice(start);
    return messages;
  }

  #line(line: string): StreamMessage | undefined {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.retryMs = Number(value);
    return undefined;
  }

  #dispatch(): StreamMessage | undefined {
    const data = this.#data;
    const event = this.#event || "message";
    this.#data = [];
    this.#event = "";
    return data.length > 0 ? { id: this.#id, event, data: data.join("\n") } : undefined;
  }
}

/** Where the line that begins at `start` ends; undefined while that cannot be known, as behind a CR that ends the text. */
function lineEnd(text: string, start: number): { readonly at: number; readonly next: number } | undefined {
  for (let at = start; at < text.length; at++) {
    if (text[at] === "\n") return { at, next: at + 1 };
    if (text[at] !== "\r") continue;
    if (at + 1 === text.length) return undefined;
    return { at, next: text[at + 1] === "\n" ? at + 2 : at + 1 };
  }
  return undefined;
}

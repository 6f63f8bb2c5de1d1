import type { ServerResponse } from "node:http";
import type { WireEvent } from "../../providers/wire.ts";

/** Writes a vendor's events to a client. What comes in one turn of the event loop goes out in one piece. */
export class EventWriter {
  readonly #raw: ServerResponse;
  #text = "";

  constructor(raw: ServerResponse) {
    this.#raw = raw;
  }

  send(events: readonly WireEvent[]): void {
    if (this.#text === "" && events.length > 0) queueMicrotask(() => this.#flush());
    for (const event of events) this.#text += lines(event);
  }

  end(): void {
    const text = this.#text;
    this.#text = "";
    this.#raw.end(text);
  }

  #flush(): void {
    const text = this.#text;
    this.#text = "";
    if (text !== "" && !this.#raw.writableEnded) this.#raw.write(text);
  }
}

function lines({ event, data }: WireEvent): string {
  const name = event === null ? "" : `event: ${event}\n`;
  // A line break inside the data begins a further data line.
  return data.includes("\n") ? `${name}data: ${data.replaceAll("\n", "\ndata: ")}\n\n` : `${name}data: ${data}\n\n`;
}

import type { ServerResponse } from "node:http";
import type { WireEvent } from "../../providers/wire.ts";
import type { Recording } from "../idempotency/recording.ts";
import { caughtUp, cutIfStill, isBehind } from "../slow-reader.ts";

/** Writes a vendor's events to a client. What comes in one turn of the event loop goes out in one piece. */
export class EventWriter {
  readonly #raw: ServerResponse;
  readonly #patienceMs: number;
  readonly #recording: Recording | undefined;
  #text = "";

  /** @param patienceMs for how long a reader may take nothing of what waits for it @param recording is told what is written; undefined: nothing of it is kept */
  constructor(raw: ServerResponse, patienceMs: number, recording?: Recording) {
    this.#raw = raw;
    this.#patienceMs = patienceMs;
    this.#recording = recording;
  }

  /** Undefined: the reader keeps up. Else kept when it has caught up, or was cut. */
  pace(): Promise<void> | undefined {
    return isBehind(this.#raw) ? caughtUp(this.#raw, this.#patienceMs) : undefined;
  }

  send(events: readonly WireEvent[]): void {
    if (this.#text === "" && events.length > 0) queueMicrotask(() => this.#flush());
    for (const event of events) {
      const text = lines(event);
      this.#text += text;
      this.#recording?.add(text);
    }
  }

  end(): void {
    const text = this.#text;
    this.#text = "";
    this.#raw.end(text);
    if (this.#raw.writableLength > 0) cutIfStill(this.#raw, this.#patienceMs);
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

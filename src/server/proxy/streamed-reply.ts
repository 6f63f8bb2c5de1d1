import type { FastifyReply } from "fastify";
import type { JsonObject } from "../../core/json.ts";
import type { WireEvent } from "../../providers/wire.ts";
import type { PartOrigin } from "../../router/router.ts";
import { Recording } from "../idempotency/recording.ts";
import type { ServerContext } from "../route.ts";
import { EventWriter } from "./event-writer.ts";
import { splicedEvents, streamHeadersOf } from "./summary.ts";

/** A reply that is streamed. Until it begins, the request may still end with an error's status. */
export class StreamedReply {
  readonly #reply: FastifyReply;
  readonly #id: string;
  readonly #closing: AbortSignal;
  readonly #writer: EventWriter;
  /** Of an answer that is kept for an Idempotency-Key. */
  readonly #recording: Recording | undefined;
  hasBegun = false;

  constructor(reply: FastifyReply, id: string, { closing, patienceMs }: Pick<ServerContext, "closing" | "patienceMs">) {
    this.#reply = reply;
    this.#id = id;
    this.#closing = closing;
    const { turn } = reply.request;
    this.#recording = turn && new Recording(turn);
    this.#writer = new EventWriter(reply.raw, patienceMs, this.#recording);
  }

  /** Sends status and headers, if it has not been done. */
  begin(origin: PartOrigin): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    const { raw } = this.#reply;
    this.#reply.hijack();
    raw.on("error", () => undefined);
    const headers = {
      ...(this.#reply.getHeaders() as Record<string, string>),
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      "x-request-id": this.#id,
      ...streamHeadersOf(origin),
    };
    this.#recording?.begin(headers);
    raw.writeHead(200, headers);
  }

  send(events: readonly WireEvent[]): void {
    this.#writer.send(events);
  }

  /** Undefined: the client keeps up. Else kept when it has read what it was sent, or was cut. */
  pace(): Promise<void> | undefined {
    return this.#writer.pace();
  }

  /** The answer is whole: its last events, with what is said of who served. */
  end(events: readonly WireEvent[], summary: JsonObject): void {
    this.send(splicedEvents(events, summary));
    void this.#recording?.end();
    this.#finish();
  }

  /** The answer broke off. */
  break(events: readonly WireEvent[]): void {
    this.send(events);
    void this.#recording?.break();
    this.#finish();
  }

  #finish(): void {
    const { raw } = this.#reply;
    // A closing server waits for connections that it could not see idle when it began to.
    if (this.#closing.aborted) raw.once("finish", () => raw.socket?.end());
    this.#writer.end();
  }
}

import { once } from "node:events";
import type { FastifyReply } from "fastify";
import { isLive, type LiveEvent } from "../core/live.ts";
import type { RunEvent } from "../core/run.ts";

/** What is sent, and how it ends. */
export interface EventStreamOptions {
  readonly reply: FastifyReply;
  /** Makes the events; the signal fires when the reader has gone or the server closes. */
  readonly events: (signal: AbortSignal) => AsyncIterable<RunEvent | LiveEvent>;
  /** Fires when the server begins to close. */
  readonly closing: AbortSignal;
  /** A comment is sent this often, so that proxies keep the connection. Default 15000 ms. */
  readonly keepAliveMs?: number;
}

/**
 * Sends events as Server-Sent Events: `id` is the event's number, `event` its type, `data` the event as JSON. Waits for a slow
 * reader, stops reading when the reader goes. An error in between ends the stream: the reader comes back with Last-Event-ID.
 */
export async function sendEventStream(options: EventStreamOptions): Promise<void> {
  const { reply, events, closing, keepAliveMs = 15_000 } = options;
  const { raw } = reply;
  reply.hijack();
  raw.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
    // A closing server waits for connections that it cannot see idle at that moment.
    connection: "close",
  });
  raw.write("retry: 1000\n\n");
  const end = new AbortController();
  const { signal } = end;
  const stop = () => end.abort();
  raw.once("close", stop);
  raw.on("error", stop);
  closing.addEventListener("abort", stop);
  if (closing.aborted) stop();
  const keepAlive = setInterval(() => raw.writableNeedDrain || raw.write(": keep-alive\n\n"), keepAliveMs);
  try {
    for await (const event of events(signal)) {
      // What passes has no number: a reader who comes back goes on behind the last line of the history.
      const id = isLive(event) ? "" : `id: ${event.seq}\n`;
      const line = `${id}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
      if (!raw.write(line)) await once(raw, "drain", { signal });
      if (signal.aborted) break;
    }
  } catch (error) {
    if (!signal.aborted) reply.log.warn({ err: error }, "an event stream broke off; its reader will reconnect");
  } finally {
    clearInterval(keepAlive);
    closing.removeEventListener("abort", stop);
    raw.end();
  }
}

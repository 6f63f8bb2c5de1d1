import type { FastifyReply } from "fastify";
import { isLive, type LiveEvent } from "../core/live.ts";
import type { RunEvent } from "../core/run.ts";
import { caughtUp, cutIfStill } from "./slow-reader.ts";

/** One event as it is sent. */
export interface SentEvent {
  /** What the reader says when it comes back; absent: it cannot begin behind this one. */
  readonly id?: number;
  readonly event: string;
  /** Sent as JSON. */
  readonly data: unknown;
}

/** What is sent, and how it ends. */
export interface EventStreamOptions<Event = RunEvent | LiveEvent> {
  readonly reply: FastifyReply;
  /** Makes the events; the signal fires when the reader has gone or the server closes. */
  readonly events: (signal: AbortSignal) => AsyncIterable<Event>;
  /** Fires when the server begins to close. */
  readonly closing: AbortSignal;
  /** For how long the reader may take nothing of what waits for it, before it is cut. Default 60000 ms. */
  readonly patienceMs?: number;
  /** A comment is sent this often, so that proxies keep the connection. Default 15000 ms. */
  readonly keepAliveMs?: number;
}

/** Sends a run's events: `id` is the event's number, `event` its type, `data` the event as JSON. As {@link sendEvents}. */
export function sendEventStream({ events, ...options }: EventStreamOptions): Promise<void> {
  return sendEvents({ ...options, events: (signal) => asSent(events(signal)) });
}

async function* asSent(events: AsyncIterable<RunEvent | LiveEvent>): AsyncGenerator<SentEvent> {
  for await (const event of events) {
    // What passes has no number: a reader who comes back goes on behind the last line of the history.
    yield { ...(isLive(event) ? {} : { id: event.seq }), event: event.type, data: event };
  }
}

/**
 * Sends Server-Sent Events. Waits for a slow reader and cuts one that takes nothing, stops reading when the reader goes. An error in between ends the stream: the reader comes back, with
 * Last-Event-ID where events have ids.
 */
export async function sendEvents(options: EventStreamOptions<SentEvent>): Promise<void> {
  const { reply, events, closing, patienceMs = 60_000, keepAliveMs = 15_000 } = options;
  const { raw } = reply;
  reply.hijack();
  raw.writeHead(200, {
    // What hooks have said: which pages may read it.
    ...(reply.getHeaders() as Record<string, string>),
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
  // One that has gone already is not told again.
  if (closing.aborted || raw.destroyed) stop();
  const keepAlive = setInterval(() => raw.writableNeedDrain || raw.write(": keep-alive\n\n"), keepAliveMs);
  try {
    for await (const { id, event, data } of events(signal)) {
      const head = id === undefined ? "" : `id: ${id}\n`;
      const line = `${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
      if (!raw.write(line)) await caughtUp(raw, patienceMs);
      if (signal.aborted) break;
    }
  } catch (error) {
    if (!signal.aborted) reply.log.warn({ err: error }, "an event stream broke off; its reader will reconnect");
  } finally {
    clearInterval(keepAlive);
    closing.removeEventListener("abort", stop);
    raw.end();
    if (raw.writableLength > 0) cutIfStill(raw, patienceMs);
  }
}

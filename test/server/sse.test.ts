import { connect, type Socket } from "node:net";
import Fastify, { type FastifyInstance } from "fastify";
import { afterEach, describe, expect, test } from "vitest";
import type { RunEvent } from "../../src/core/run.ts";
import { sendEventStream } from "../../src/server/sse.ts";
import { eventually } from "../support/eventually.ts";

const opened: { server: FastifyInstance; socket: Socket }[] = [];
afterEach(async () => {
  for (const { server, socket } of opened.splice(0)) {
    socket.destroy();
    await server.close();
  }
});

/** A server that streams what `events` makes, and a reader's bare connection to it. */
async function streaming(
  events: (signal: AbortSignal) => AsyncIterable<RunEvent>,
  keepAliveMs?: number,
  patienceMs?: number,
): Promise<Socket> {
  const server = Fastify();
  const closing = new AbortController();
  server.addHook("preClose", async () => closing.abort());
  server.get("/", async (_request, reply) => {
    await sendEventStream({ reply, events, closing: closing.signal, keepAliveMs, patienceMs });
    return reply;
  });
  const { hostname, port } = new URL(await server.listen({ port: 0, host: "127.0.0.1" }));
  const socket = connect(Number(port), hostname);
  opened.push({ server, socket });
  socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  return socket;
}

function textOf(socket: Socket): () => string {
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  return () => text;
}

const until = (signal: AbortSignal) => new Promise<void>((done) => signal.addEventListener("abort", () => done()));
const event = (seq: number): RunEvent => ({ seq, at: 1, type: "step.queued", step: "x".repeat(10_000) });

describe("sendEventStream", () => {
  test("sends a comment now and then while nothing happens", async () => {
    const text = textOf(
      // biome-ignore lint/correctness/useYield: a run in which nothing happens
      await streaming(async function* (signal) {
        await until(signal);
      }, 10),
    );
    await eventually(() => expect(text().split(": keep-alive\n\n").length).toBeGreaterThan(3));
  });

  test("waits for a slow reader instead of keeping what it has not read", async () => {
    let made = 0;
    const socket = await streaming(async function* (signal) {
      while (!signal.aborted) yield event(++made);
    });
    socket.pause();
    let before = -1;
    await eventually(() => {
      const stood = before === made;
      before = made;
      expect(stood && made > 0).toBe(true);
    });
    // What fits into the buffers of both sockets, some megabytes; not without end.
    expect(made).toBeLessThan(3_000);
    socket.resume();
    await eventually(() => expect(made).toBeGreaterThan(before));
  });

  test("cuts a reader that takes nothing for too long, and tells the maker of events", async () => {
    let isOver = false;
    const socket = await streaming(
      async function* (signal) {
        try {
          for (let seq = 1; !signal.aborted; seq++) yield event(seq);
        } finally {
          isOver = true;
        }
      },
      15_000,
      200,
    );
    socket.pause();
    await eventually(() => expect(isOver).toBe(true));
    const closed = new Promise((done) => socket.once("close", done));
    socket.on("error", () => undefined);
    socket.resume();
    await closed;
  });

  test("tells the maker of events that the reader has gone", async () => {
    let gone = false;
    const socket = await streaming(async function* (signal) {
      yield event(1);
      await until(signal);
      gone = true;
    });
    await new Promise((done) => socket.once("data", done));
    socket.destroy();
    await eventually(() => expect(gone).toBe(true));
  });

  test("ends the stream, not the server, when events cannot be read any more", async () => {
    // biome-ignore lint/correctness/useYield: a history that cannot be read
    const socket = await streaming(async function* () {
      throw new Error("Redis has gone");
    });
    const text = textOf(socket);
    await new Promise((done) => socket.once("end", done));
    expect(text()).toMatch(/^HTTP\/1\.1 200/);
    expect(text()).not.toContain("Redis has gone");
  });
});

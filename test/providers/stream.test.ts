import type { ServerResponse } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CallFailure, type CallOptions, type LlmAnswer, type Provider } from "../../src/providers/provider.ts";
import { hello, providerAt } from "./provider-under-test.ts";
import { vendorWires } from "./vendor-wire.ts";
import { json, type WireServer, wireServer } from "./wire-server.ts";
import type { WireStream } from "./wires/wire.ts";

const pieces = ["Hel", "lo ", "back", "."];

/** Writes some of a stream's bytes, then ends the answer or breaks the connection. */
function streaming(
  { contentType, chunks }: WireStream,
  end: "end" | "reset" | "hang",
  bytes = Number.POSITIVE_INFINITY,
) {
  return (response: ServerResponse) => {
    response.writeHead(200, { "content-type": contentType });
    const finish = () => {
      if (end === "end") response.end();
      if (end === "reset") response.socket?.resetAndDestroy();
    };
    response.flushHeaders();
    const all = Buffer.concat(chunks).subarray(0, bytes);
    if (all.length === 0) finish();
    else response.write(all, finish);
  };
}

describe.each(vendorWires)("a stream of $name", (wire) => {
  let server: WireServer;
  let provider: Provider;
  const never = new AbortController().signal;
  beforeAll(async () => {
    server = await wireServer();
    provider = providerAt(wire, server.url);
  });
  afterAll(async () => {
    await provider.close();
    await server.close();
  });
  const ask = (from: Provider, options: Partial<CallOptions> = {}): Promise<LlmAnswer> =>
    from.call(hello, { model: wire.model, signal: never, onDelta: () => undefined, ...options });
  const failure = async (answer: Promise<LlmAnswer>): Promise<CallFailure> => {
    const result = await answer.catch((error: unknown) => error);
    if (result instanceof CallFailure) return result;
    throw new Error(`not a CallFailure: ${JSON.stringify(result)} ${String(result)}`);
  };

  test("hands on each piece as it comes and returns the whole answer with its usage", async () => {
    const heard: string[] = [];
    let signs = 0;
    server.respond(streaming(wire.stream(pieces), "end"));
    const answer = await ask(provider, { onDelta: (text) => heard.push(text), onActivity: () => signs++ });
    expect(heard).toEqual(pieces);
    expect(signs).toBe(pieces.length);
    expect(answer).toMatchObject({ text: "Hello back.", finishReason: "stop", model: wire.model, toolCalls: [] });
    expect(answer.usage).toMatchObject({ inputTokens: 19, outputTokens: 10, cachedInputTokens: 4 });
    expect(answer.firstTokenMs).toBeTypeOf("number");
    expect(server.requests.at(-1)?.path).toBe(wire.streamPath);
  });

  test("comes piece by piece: the first is heard while the rest is not written yet", async () => {
    const { chunks, contentType, essential } = wire.stream(pieces);
    const firstHalf = Math.max(essential - 3, 1);
    let more: () => void = () => undefined;
    server.respond((response) => {
      response.writeHead(200, { "content-type": contentType });
      for (const chunk of chunks.slice(0, firstHalf)) response.write(chunk);
      more = () => response.end(Buffer.concat(chunks.slice(firstHalf)));
    });
    const heard: string[] = [];
    const answer = await ask(provider, {
      onDelta(text) {
        heard.push(text);
        if (heard.length === 1) more();
      },
    });
    expect(answer.text).toBe(heard.join(""));
  });

  test("is no answer unless it came to its end: cut at any byte, closed or reset", { timeout: 120_000 }, async () => {
    const stream = wire.stream(pieces);
    const needed = Buffer.concat(stream.chunks.slice(0, stream.essential)).length;
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: needed - 3 }),
        fc.constantFrom("end" as const, "reset" as const),
        async (at, end) => {
          server.respond(streaming(stream, end, at));
          const { class: failureClass, httpStatus } = await failure(ask(provider));
          // A reset may overtake the headers.
          expect(failureClass === "malformed" ? httpStatus : failureClass).toSatisfy(
            (seen) => seen === 200 || (end === "reset" && seen === "network"),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  test("with garbage, or an error, in the middle is malformed", async () => {
    const { chunks, contentType } = wire.stream(pieces);
    server.respond((response) => {
      response.writeHead(200, { "content-type": contentType });
      response.write(Buffer.concat(chunks.slice(0, 2)));
      response.end('data: {"broken\n\n');
    });
    expect(await failure(ask(provider))).toMatchObject({ class: "malformed", httpStatus: 200 });
    server.respond((response) => {
      response.writeHead(200, { "content-type": contentType });
      response.end(`event: error\ndata: ${JSON.stringify(wire.error("overloaded_error", "Overloaded"))}\n\n`);
    });
    expect(await failure(ask(provider))).toMatchObject({ class: "malformed", httpStatus: 200 });
  });

  test("that answers with JSON of another shape, or with nothing, is malformed", async () => {
    for (const body of [{ error: { message: "overloaded" } }, "", "OK"]) {
      server.respond(json(200, body));
      expect(await failure(ask(provider))).toMatchObject({ class: "malformed", httpStatus: 200 });
    }
  });

  test("that is refused has its status, class and Retry-After", async () => {
    server.respond(json(429, wire.error("rate_limit_error", "slow down"), { "retry-after": "7" }));
    expect(await failure(ask(provider))).toMatchObject({ class: "rate_limited", httpStatus: 429, retryAfterMs: 7_000 });
    server.respond(json(500, wire.error("api_error", "no")));
    expect((await failure(ask(provider))).class).toBe("server");
  });

  test("is ended by its caller, and is silent from then on", async () => {
    const caller = new AbortController();
    const heard: string[] = [];
    server.respond(streaming(wire.stream(pieces), "hang"));
    const onDelta = (text: string) => {
      heard.push(text);
      caller.abort();
    };
    expect((await failure(ask(provider, { onDelta, signal: caller.signal }))).class).toBe("cancelled");
    expect(heard).toEqual(pieces.slice(0, 1));
  });

  test("that stalls before its first token, or between two, has timed out", async () => {
    const impatient = providerAt(wire, server.url, {}, { first_token_timeout: 0.25, idle_timeout: 0.2 });
    const { chunks, contentType } = wire.stream(pieces);
    server.respond(() => undefined);
    expect(await failure(ask(impatient))).toMatchObject({
      class: "timeout",
      message: expect.stringMatching(/No first token.* 0.25 s/),
    });
    server.respond((response) => void response.writeHead(200, { "content-type": contentType }).flushHeaders());
    expect(await failure(ask(impatient))).toMatchObject({
      class: "timeout",
      message: expect.stringMatching(/No first token.* 0.25 s/),
    });
    const some = Buffer.concat(chunks.slice(0, Math.max(2, chunks.length - 4)));
    server.respond((response) => void response.writeHead(200, { "content-type": contentType }).write(some));
    expect(await failure(ask(impatient))).toMatchObject({
      class: "timeout",
      message: expect.stringMatching(/No further token.* 0.2 s/),
    });
    await impatient.close();
  });

  test("is not asked for where the settings say so: the whole answer is heard at its end", async () => {
    const plain = providerAt(wire, server.url, {}, { streaming: false });
    server.respond(json(200, wire.answer("Hello back.")));
    const heard: string[] = [];
    const answer = await ask(plain, { onDelta: (text) => heard.push(text) });
    expect([heard, answer.text, answer.firstTokenMs]).toEqual([["Hello back."], "Hello back.", null]);
    expect(server.requests.at(-1)?.path).toBe(wire.path);
    await plain.close();
  });

  test("carries tool calls", async () => {
    const call = { id: "call_1", name: "look_up", arguments: { city: "Ulm" } };
    server.respond(streaming(wire.toolStream(call), "end"));
    let signs = 0;
    const answer = await ask(provider, { onActivity: () => signs++ });
    expect(answer.toolCalls.map(({ name, arguments: text }) => [name, JSON.parse(text)])).toEqual([
      ["look_up", { city: "Ulm" }],
    ]);
    expect(signs).toBeGreaterThan(0);
  });
});

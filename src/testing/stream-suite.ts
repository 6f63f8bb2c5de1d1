import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import type { CallOptions, LlmAnswer, Provider } from "../providers/provider.ts";
import { usageOf } from "./answer-suite.ts";
import { failureOf, hello, never, providerAt, underTest } from "./provider-under-test.ts";
import type { ProviderWire, WireStream } from "./provider-wire.ts";
import { json } from "./wire-server.ts";

const pieces = ["Hel", "lo ", "back", "."];

/** Writes some of a stream's bytes, then ends the answer or breaks the connection. */
export function streaming(
  { contentType, chunks }: WireStream,
  end: "end" | "reset" | "hang",
  bytes = Number.POSITIVE_INFINITY,
) {
  return (response: ServerResponse): void => {
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

type Ask = (from: Provider, options?: Partial<CallOptions>) => Promise<LlmAnswer>;

/** What a provider does with an answer that comes in pieces; one that has no streams, what its listeners hear. */
export function streamSuite(wire: ProviderWire): void {
  const ask: Ask = (from, options = {}) =>
    from.call(hello, { model: wire.model, signal: never, onDelta: () => undefined, ...options });
  if (!wire.stream) {
    wholeSuite(wire, ask);
    return;
  }
  const stream = wire.stream(pieces);
  wellSuite(wire, stream, ask);
  brokenSuite(wire, stream, ask);
}

function wholeSuite(wire: ProviderWire, ask: Ask): void {
  describe(`an answer of ${wire.name} that somebody listens to`, () => {
    const under = underTest(wire);
    test("is told of at its end", async () => {
      const heard: string[] = [];
      let signs = 0;
      under.server.respond(json(200, wire.answer("Hello back.")));
      const listeners = { onDelta: (text: string) => heard.push(text), onActivity: () => signs++ };
      expect((await ask(under.provider, listeners)).text).toBe("Hello back.");
      expect([heard, signs]).toEqual([["Hello back."], 1]);
    });
  });
}

function wellSuite(wire: ProviderWire, stream: WireStream, ask: Ask): void {
  describe(`a stream of ${wire.name}`, () => {
    const under = underTest(wire);

    test("hands on each piece as it comes and returns the whole answer with its usage", async () => {
      const heard: string[] = [];
      let signs = 0;
      under.server.respond(streaming(stream, "end"));
      const listeners = { onDelta: (text: string) => heard.push(text), onActivity: () => signs++ };
      const answer = await ask(under.provider, listeners);
      expect(heard).toEqual(pieces);
      expect(signs).toBe(pieces.length);
      expect(answer).toMatchObject({ text: "Hello back.", finishReason: "stop", model: wire.model, toolCalls: [] });
      expect(answer.usage).toMatchObject(usageOf(wire));
      expect(answer.firstTokenMs).toBeTypeOf("number");
      if (wire.streamPath !== undefined) expect(under.last().path).toBe(wire.streamPath);
    });

    test("comes piece by piece: the first is heard while the rest is not written yet", async () => {
      const { chunks, contentType, essential } = stream;
      const firstHalf = Math.max(essential - 3, 1);
      let more: () => void = () => undefined;
      under.server.respond((response) => {
        response.writeHead(200, { "content-type": contentType });
        for (const chunk of chunks.slice(0, firstHalf)) response.write(chunk);
        more = () => response.end(Buffer.concat(chunks.slice(firstHalf)));
      });
      const heard: string[] = [];
      const answer = await ask(under.provider, {
        onDelta(text) {
          heard.push(text);
          if (heard.length === 1) more();
        },
      });
      expect(answer.text).toBe(heard.join(""));
    });

    test("is ended by its caller, and is silent from then on", async () => {
      const caller = new AbortController();
      const heard: string[] = [];
      under.server.respond(streaming(stream, "hang"));
      const onDelta = (text: string) => {
        heard.push(text);
        caller.abort();
      };
      const failure = await failureOf(ask(under.provider, { onDelta, signal: caller.signal }));
      expect(failure.class).toBe("cancelled");
      expect(heard).toEqual(pieces.slice(0, 1));
    });

    const { toolStream } = wire;
    if (toolStream) {
      test("carries tool calls", async () => {
        const call = { id: "call_1", name: "look_up", arguments: { city: "Ulm" } };
        under.server.respond(streaming(toolStream(call), "end"));
        let signs = 0;
        const answer = await ask(under.provider, { onActivity: () => signs++ });
        const calls = answer.toolCalls.map(({ name, arguments: text }) => [name, JSON.parse(text)]);
        expect(calls).toEqual([["look_up", { city: "Ulm" }]]);
        expect(signs).toBeGreaterThan(0);
      });
    }
  });
}

function brokenSuite(wire: ProviderWire, stream: WireStream, ask: Ask): void {
  describe(`a broken stream of ${wire.name}`, () => {
    const under = underTest(wire);
    const failure = (from = under.provider) => failureOf(ask(from));

    test("is no answer unless it came to its end: closed or reset between two chunks and within each", async () => {
      let at = 0;
      const cuts = stream.chunks.slice(0, stream.essential).flatMap(({ length }) => {
        const cut = [at, at + Math.floor(length / 2)];
        at += length;
        return cut;
      });
      for (const cut of cuts) {
        for (const end of ["end", "reset"] as const) {
          under.server.respond(streaming(stream, end, cut));
          const { class: seen, httpStatus } = await failure();
          // A reset may overtake the headers.
          const isFine = (seen === "malformed" && httpStatus === 200) || (end === "reset" && seen === "network");
          expect([cut, end, seen, httpStatus, isFine]).toEqual([cut, end, seen, httpStatus, true]);
        }
      }
    });

    test("with garbage, or an error, in the middle is malformed", async () => {
      const { chunks, contentType } = stream;
      under.server.respond((response) => {
        response.writeHead(200, { "content-type": contentType });
        response.write(Buffer.concat(chunks.slice(0, 2)));
        response.end('data: {"broken\n\n');
      });
      expect(await failure()).toMatchObject({ class: "malformed", httpStatus: 200 });
      under.server.respond((response) => {
        response.writeHead(200, { "content-type": contentType });
        response.end(`event: error\ndata: ${JSON.stringify(wire.error("overloaded_error", "Overloaded"))}\n\n`);
      });
      expect(["malformed", "overloaded"]).toContain((await failure()).class);
    });

    test("that answers with JSON of another shape, or with nothing, is malformed", async () => {
      for (const body of [{ error: { message: "overloaded" } }, "", "OK"]) {
        under.server.respond(json(200, body));
        expect(await failure()).toMatchObject({ class: "malformed", httpStatus: 200 });
      }
    });

    test("that is refused has its status, class and Retry-After", async () => {
      under.server.respond(json(429, wire.error("rate_limit_error", "slow down"), { "retry-after": "7" }));
      expect(await failure()).toMatchObject({ class: "rate_limited", httpStatus: 429, retryAfterMs: 7_000 });
      under.server.respond(json(500, wire.error("api_error", "no")));
      expect((await failure()).class).toBe("server");
    });

    test("that stalls before its first token, or between two, has timed out", async () => {
      const impatient = await providerAt(wire, under.server.url, { first_token_timeout: 0.25, idle_timeout: 0.2 });
      const { chunks, contentType } = stream;
      const before = { class: "timeout", message: expect.stringMatching(/No first token.* 0.25 s/) };
      under.server.respond(() => undefined);
      expect(await failure(impatient)).toMatchObject(before);
      under.server.respond((response) => void response.writeHead(200, { "content-type": contentType }).flushHeaders());
      expect(await failure(impatient)).toMatchObject(before);
      const some = Buffer.concat(chunks.slice(0, Math.max(2, chunks.length - 4)));
      under.server.respond((response) => void response.writeHead(200, { "content-type": contentType }).write(some));
      const between = { class: "timeout", message: expect.stringMatching(/No further token.* 0.2 s/) };
      expect(await failure(impatient)).toMatchObject(between);
      await impatient.close();
    });
  });
}

import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import type { FailureClass } from "../../src/core/call.ts";
import type { CallFailure } from "../../src/providers/provider.ts";
import { failureOf, hello, never, providerAt, secret, underTest } from "../../src/testing/provider-under-test.ts";
import { json } from "../../src/testing/wire-server.ts";
import { vendorWires } from "./vendor-wire.ts";

/** Those of the shared suite, and what else servers and what stands before them answer. */
const statuses: readonly (readonly [number, FailureClass])[] = [
  [400, "caller"],
  [401, "auth"],
  [402, "auth"],
  [403, "auth"],
  [404, "not_found"],
  [405, "caller"],
  [408, "timeout"],
  [409, "server"],
  [410, "not_found"],
  [413, "caller"],
  [415, "caller"],
  [422, "caller"],
  [424, "server"],
  [425, "server"],
  [429, "rate_limited"],
  [500, "server"],
  [501, "server"],
  [502, "server"],
  [503, "overloaded"],
  [504, "server"],
  [507, "server"],
  [520, "server"],
  [524, "server"],
  [529, "overloaded"],
];

/** What each vendor says with 429 besides Retry-After, and how long it comes to. */
const resets: Readonly<
  Record<string, { readonly headers?: Record<string, string>; readonly body?: unknown; readonly ms: number }>
> = {
  openai: { headers: { "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s" }, ms: 360_000 },
  "openai responses": {
    headers: { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "20ms" },
    ms: 20,
  },
  anthropic: {
    headers: {
      date: "Thu, 01 Jan 2026 00:00:00 GMT",
      "anthropic-ratelimit-requests-remaining": "10",
      "anthropic-ratelimit-requests-reset": "2026-01-01T01:00:00Z",
      "anthropic-ratelimit-input-tokens-remaining": "0",
      "anthropic-ratelimit-input-tokens-reset": "2026-01-01T00:00:04Z",
    },
    ms: 4_000,
  },
  "azure-openai": {
    headers: { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "17" },
    ms: 17_000,
  },
  gemini: {
    body: {
      error: {
        code: 429,
        message: "You exceeded your current quota. Please retry in 37.5s.",
        status: "RESOURCE_EXHAUSTED",
        details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "37.5s" }],
      },
    },
    ms: 37_500,
  },
  "my-vllm": { headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "3" }, ms: 3_000 },
};

describe.each(vendorWires)("on the wire of $name", (wire) => {
  const under = underTest(wire);
  const whole = () => failureOf(under.provider.call(hello, { model: wire.model, signal: never }));
  const streamed = () =>
    failureOf(under.provider.call(hello, { model: wire.model, signal: never, onDelta: () => undefined }));
  const both = async (see: (failure: CallFailure) => void) => {
    see(await whole());
    see(await streamed());
  };

  test.each(statuses)("HTTP %i is %s, whole and streamed, with and without a body", async (status, failureClass) => {
    for (const body of [wire.error("some_error", `no: ${secret}`), "<html>no</html>", ""]) {
      under.server.respond(json(status, body));
      await both(({ class: seen, httpStatus, retryAfterMs, message }) => {
        expect([seen, httpStatus, retryAfterMs]).toEqual([failureClass, status, null]);
        expect(message).not.toContain(secret);
      });
    }
  });

  test.each([301, 302, 303, 307, 308])("HTTP %i is malformed: neither request nor key go elsewhere", async (status) => {
    const before = under.server.requests.length;
    under.server.respond((response) => {
      response.writeHead(status, { location: `${under.server.url}/elsewhere` }).end();
    });
    await both(({ class: seen, httpStatus, message }) => {
      expect([seen, httpStatus]).toEqual(["malformed", status]);
      expect(message).toContain("/elsewhere, and redirects are not followed");
    });
    expect(under.server.requests.length - before).toBe(2);
    if (!under.provider.check) return;
    expect(await failureOf(under.provider.check(never))).toMatchObject({ class: "malformed", httpStatus: status });
  });

  const reset = resets[wire.name];
  if (reset) {
    test("the vendor's own word for how long to wait is read", async () => {
      under.server.respond(json(429, reset.body ?? wire.error("rate_limit", "slow down"), reset.headers));
      await both(({ class: seen, retryAfterMs }) => {
        expect([seen, retryAfterMs]).toEqual(["rate_limited", reset.ms]);
      });
    });
  }

  test("200 with no content, with another encoding than it says, or with a page, is malformed", async () => {
    under.server.respond((response) => response.writeHead(204).end());
    await both(({ class: seen, httpStatus }) => expect([seen, httpStatus]).toEqual(["malformed", 204]));
    under.server.respond(json(200, wire.answer("ok"), { "content-encoding": "gzip" }));
    await both(({ class: seen, httpStatus }) => expect([seen, httpStatus]).toEqual(["malformed", 200]));
    under.server.respond((response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>sign in"));
    await both(({ class: seen, httpStatus }) => expect([seen, httpStatus]).toEqual(["malformed", 200]));
  });

  test("an error whose body is cut stays that error", async () => {
    for (const [status, failureClass] of [
      [429, "rate_limited"],
      [500, "server"],
      [401, "auth"],
    ] as const) {
      under.server.respond((response) => {
        response.writeHead(status, { "content-type": "application/json", "content-length": "500", "retry-after": "7" });
        response.write('{"error":', () => response.socket?.resetAndDestroy());
      });
      await both(({ class: seen, httpStatus }) => expect([seen, httpStatus]).toEqual([failureClass, status]));
    }
  });

  test("what is no HTTP is network", async () => {
    under.server.respond((response) => response.socket?.end("220 mail.example ESMTP\r\n"));
    await both(({ class: seen, httpStatus }) => expect([seen, httpStatus]).toEqual(["network", null]));
  });

  test("a connection that is never made is a timeout", async () => {
    const sockets: Socket[] = [];
    // Accepts, and never shakes hands.
    const silent = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const address = silent.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const provider = await providerAt(wire, `https://127.0.0.1:${port}`, { connect_timeout: 0.2 });
    const failure = await failureOf(provider.call(hello, { model: wire.model, signal: never }));
    expect(failure).toMatchObject({ class: "timeout", httpStatus: null });
    await provider.close();
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
});

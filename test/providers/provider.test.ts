import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FailureClass } from "../../src/core/call.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { freePort } from "../../src/redis/embedded.ts";
import { failureOf, hello, providerAt, secret } from "./provider-under-test.ts";
import { vendorWires } from "./vendor-wire.ts";
import { json, type WireServer, wireServer } from "./wire-server.ts";

const statuses: readonly (readonly [number, FailureClass])[] = [
  [400, "caller"],
  [401, "auth"],
  [402, "auth"],
  [403, "auth"],
  [404, "not_found"],
  [408, "timeout"],
  [413, "caller"],
  [422, "caller"],
  [429, "rate_limited"],
  [500, "server"],
  [502, "server"],
  [503, "overloaded"],
  [504, "server"],
  [529, "overloaded"],
];

const schema = {
  type: "object",
  additionalProperties: false,
  required: ["severity"],
  properties: { severity: { type: "string" } },
};

describe.each(vendorWires)("provider $name", (wire) => {
  let server: WireServer;
  let provider: Provider;
  const signal = new AbortController().signal;
  beforeAll(async () => {
    server = await wireServer();
    provider = providerAt(wire, server.url);
  });
  afterAll(async () => {
    await provider.close();
    await server.close();
  });
  const lastRequest = () => server.requests.at(-1) ?? { path: "", headers: {}, body: {} };

  test("reads a text answer with its usage", async () => {
    server.respond(json(200, wire.answer("Hello back.")));
    const answer = await provider.call(hello, { model: wire.model, signal });
    expect(answer).toMatchObject({ text: "Hello back.", finishReason: "stop", model: wire.model });
    expect(answer.usage).toMatchObject({ inputTokens: 19, outputTokens: 10, cachedInputTokens: 4 });
    expect(lastRequest().path).toBe(wire.path);
  });

  test("sends key, idempotency key, headers, and what the request asks", async () => {
    server.respond(json(200, wire.answer("ok")));
    const { warnings } = await provider.call(
      { ...hello, maxTokens: 77, temperature: 0.5, stop: ["END"] },
      {
        model: wire.model,
        signal,
        key: wire.keys[0] ?? "",
        idempotencyKey: "job-1",
        headers: { traceparent: "00-ab" },
      },
    );
    const { headers, body } = lastRequest();
    const asked = wire.asked(lastRequest());
    expect(headers[wire.keyHeader.name]).toEqual(wire.keyHeader.value(secret));
    expect(headers["idempotency-key"]).toBe("job-1");
    expect(headers.traceparent).toBe("00-ab");
    expect(asked).toMatchObject({ model: wire.model, maxTokens: 77, temperature: 0.5 });
    expect(JSON.stringify(body)).toContain("Be brief.");
    const isSent = JSON.stringify(body).includes("END");
    expect([isSent, warnings]).toEqual(isSent ? [true, []] : [false, [expect.stringMatching(/^stopSequences: not/)]]);
  });

  test("asks for JSON of a schema and hands back its text", async () => {
    server.respond(json(200, wire.jsonAnswer({ severity: "low" })));
    const answer = await provider.call({ ...hello, outputSchema: schema }, { model: wire.model, signal });
    expect(JSON.parse(answer.text)).toEqual({ severity: "low" });
    expect(wire.asksForSchema(lastRequest().body)).toBe(true);
  });

  test("prices what it can", async () => {
    const usage = { inputTokens: 1_000, outputTokens: 1_000, cachedInputTokens: null, reasoningTokens: null };
    const cost = provider.costUsd(wire.model, usage);
    if (wire.provider === "my-vllm") expect(cost).toBeNull();
    else if (wire.provider === "ollama") expect(cost).toBe(0);
    else expect(cost).toBeGreaterThan(0);
  });

  test.each(statuses)("HTTP %i is %s", async (status, failureClass) => {
    server.respond(json(status, wire.error("some_error", `no: ${secret}`)));
    const failure = await failureOf(provider, wire.model);
    expect([failure.class, failure.httpStatus, failure.retryAfterMs]).toEqual([failureClass, status, null]);
    expect(failure.message).toContain("no: ***");
    expect(String(failure.cause ?? "")).not.toContain(secret);
  });

  test("a status decides although the body is a proxy's page, or empty", async () => {
    server.respond(json(502, "<html>Bad Gateway</html>"));
    expect((await failureOf(provider, wire.model)).class).toBe("server");
    server.respond((response) => response.writeHead(503).end());
    expect((await failureOf(provider, wire.model)).class).toBe("overloaded");
  });

  test("reads Retry-After in seconds, as a date by the provider's own clock, and in milliseconds", async () => {
    const body = wire.error("rate_limit_error", "slow down");
    server.respond(json(429, body, { "retry-after": "7" }));
    expect((await failureOf(provider, wire.model)).retryAfterMs).toBe(7_000);
    const date = "Wed, 21 Oct 2015 07:28:00 GMT";
    server.respond(json(429, body, { date, "retry-after": "Wed, 21 Oct 2015 07:28:09 GMT" }));
    expect((await failureOf(provider, wire.model)).retryAfterMs).toBe(9_000);
    server.respond(json(503, body, { "retry-after-ms": "1500", "retry-after": "2" }));
    expect((await failureOf(provider, wire.model)).retryAfterMs).toBe(1_500);
  });

  test("a request that is too long for the model is context_length", async () => {
    server.respond(json(wire.tooLong.status, wire.tooLong.body));
    expect((await failureOf(provider, wire.model)).class).toBe("context_length");
  });

  test("an account that cannot pay is auth, whatever status says so", async () => {
    server.respond(json(429, wire.error("insufficient_quota", "You exceeded your current quota.")));
    expect((await failureOf(provider, wire.model)).class).toBe("auth");
    server.respond(json(400, wire.error("invalid_request_error", "Your credit balance is too low to access the API.")));
    expect((await failureOf(provider, wire.model)).class).toBe("auth");
  });

  test("a withheld answer is content_filtered", async () => {
    server.respond(json(200, wire.refusal()));
    expect((await failureOf(provider, wire.model)).class).toBe("content_filtered");
  });

  test("an empty answer is malformed, unless the request's own token limit made it empty", async () => {
    server.respond(json(200, wire.answer("")));
    expect((await failureOf(provider, wire.model)).class).toBe("malformed");
    server.respond(json(200, wire.lengthOnly()));
    expect((await failureOf(provider, wire.model)).class).toBe("caller");
  });

  test.each([
    ["broken JSON", '{"id": "x", "cho'],
    ["an error body", { error: { message: "overloaded", type: "overloaded_error" } }],
    ["another shape", { hello: "world" }],
    ["no JSON", "OK"],
    ["nothing", ""],
  ])("200 with %s is malformed", async (_, body) => {
    server.respond(json(200, body));
    expect(await failureOf(provider, wire.model)).toMatchObject({ class: "malformed", httpStatus: 200 });
  });

  test("a body that is cut short is malformed", async () => {
    server.respond((response) => {
      const text = JSON.stringify(wire.answer("a long answer"));
      response.writeHead(200, { "content-type": "application/json", "content-length": String(text.length) });
      response.write(text.slice(0, 40), () => response.socket?.end());
    });
    expect(await failureOf(provider, wire.model)).toMatchObject({ class: "malformed", httpStatus: 200 });
  });

  test("a reset in the middle of the body is malformed, before any answer it is network", async () => {
    server.respond((response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"id":', () => response.socket?.resetAndDestroy());
    });
    expect(await failureOf(provider, wire.model)).toMatchObject({ class: "malformed", httpStatus: 200 });
    server.respond((response) => response.socket?.resetAndDestroy());
    expect(await failureOf(provider, wire.model)).toMatchObject({ class: "network", httpStatus: null });
    server.respond((response) => response.socket?.end());
    expect(await failureOf(provider, wire.model)).toMatchObject({ class: "network", httpStatus: null });
  });

  test("nobody listening is network, and so is an unknown host", async () => {
    const gone = providerAt(wire, `http://127.0.0.1:${await freePort()}`);
    expect(await failureOf(gone, wire.model)).toMatchObject({ class: "network", httpStatus: null });
    await gone.close();
    const nowhere = providerAt(wire, "http://no-such-host.invalid");
    expect((await failureOf(nowhere, wire.model)).class).toBe("network");
    await nowhere.close();
  });

  test("the caller's abort is cancelled, its deadline is a timeout", async () => {
    server.respond(() => undefined);
    const caller = new AbortController();
    server.respond(() => caller.abort());
    expect((await failureOf(provider, wire.model, caller.signal)).class).toBe("cancelled");
    expect((await failureOf(provider, wire.model, AbortSignal.abort())).class).toBe("cancelled");
    server.respond((response) => response.writeHead(200, { "content-type": "application/json" }).write("{"));
    expect((await failureOf(provider, wire.model, AbortSignal.timeout(50))).class).toBe("timeout");
  });

  test("labels its keys and never shows them", () => {
    expect(provider.keys).toEqual(wire.keys);
    for (const label of wire.keys) expect(provider.keyId(label)).toMatch(/^([0-9a-f]{12}|default)$/);
    expect(JSON.stringify(provider)).not.toContain(secret);
  });
});

import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import type { FailureClass } from "../../src/core/call.ts";
import type { RouteOutcome } from "../../src/router/router.ts";
import { vendorWires } from "../providers/vendor-wire.ts";
import { json } from "../providers/wire-server.ts";
import { openStream } from "./streamed.ts";
import { wired } from "./wired.ts";

const w = wired();
const two = { LLM_PROVIDERS: "openai,anthropic" };
const wire = vendorWires.find(({ provider }) => provider === "openai");
const providersOf = ({ calls }: RouteOutcome) => calls.map(({ provider }) => provider);

/** What the request does, and what becomes of the target: `counts` in its breaker, is `out` now, or is none the worse. */
type Row = readonly [
  what: string,
  failure: FailureClass,
  request: "stops" | "next",
  health: "counts" | "out" | "none the worse",
  answer: (response: ServerResponse) => void,
];
const status = (code: number) => json(code, wire?.error("x", "no"));

const rows: readonly Row[] = [
  ["400", "caller", "stops", "none the worse", status(400)],
  ["413", "caller", "stops", "none the worse", status(413)],
  ["422", "caller", "stops", "none the worse", status(422)],
  ["a prompt that is too long", "context_length", "stops", "none the worse", json(400, wire?.tooLong.body)],
  ["a refusal", "content_filtered", "stops", "none the worse", json(200, wire?.refusal())],
  ["401", "auth", "next", "out", status(401)],
  ["402", "auth", "next", "out", status(402)],
  ["403", "auth", "next", "out", status(403)],
  ["404", "not_found", "next", "out", status(404)],
  ["429", "rate_limited", "next", "out", status(429)],
  ["500", "server", "next", "counts", status(500)],
  ["502", "server", "next", "counts", status(502)],
  ["503", "overloaded", "next", "counts", status(503)],
  ["529", "overloaded", "next", "counts", status(529)],
  ["a reset connection", "network", "next", "counts", (response) => void response.socket?.resetAndDestroy()],
  ["200 with a page", "malformed", "next", "counts", json(200, "<html>welcome</html>")],
  ["200 without an answer", "malformed", "next", "counts", json(200, { id: "x" })],
  [
    "200 that is cut off",
    "malformed",
    "next",
    "counts",
    (response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "5000" });
      response.write('{"id":"chatcmpl-1","choices":[{"message":{"content":"Hal');
      setImmediate(() => response.socket?.destroy());
    },
  ],
];

describe("a failure of the first target", () => {
  test.each(rows)("%s is %s: the request %s, the target %s", async (_what, failure, request, health, answer) => {
    w.vendors.servers.openai.respond(answer);
    const router = w.start(two);
    const outcome = await router.ask();
    expect(outcome.calls[0]).toMatchObject({ provider: "openai", ok: false, failure: { class: failure } });
    expect(outcome.type).toBe(request === "stops" ? "rejected" : "answered");
    expect(providersOf(outcome)).toEqual(request === "stops" ? ["openai"] : ["openai", "anthropic"]);
    for (let i = 0; i < 4; i++) await router.ask();
    const { candidates } = await router.router.explain({ hints: {} });
    const openai = candidates.find(({ provider }) => provider === "openai");
    expect(openai?.state).toBe({ counts: "open", out: "out", "none the worse": "closed" }[health]);
    expect(w.vendors.hits("openai")).toBe(health === "out" ? 1 : 5);
  });

  test("a stream that breaks midway is never an answer: who reads along is told, the request goes on", async () => {
    w.vendors.servers.openai.respond((response) => {
      openStream("openai", response).piece("Half an answer");
      setTimeout(() => response.socket?.destroy(), 20);
    });
    const told: string[] = [];
    const onPiece = (piece: { type: string; provider: string; text?: string }) =>
      told.push(`${piece.provider} ${piece.type} ${piece.text ?? ""}`.trim());
    const outcome = await w.start(two).ask({}, { onPiece });
    expect(outcome).toMatchObject({ type: "answered", answer: { text: "anthropic answers" } });
    expect(outcome.calls[0]).toMatchObject({ ok: false, costUsd: null });
    expect(told).toEqual([
      "openai text Half an answer",
      "openai restarted",
      "anthropic text anthropic",
      "anthropic text  answers",
    ]);
  });

  test("a timeout counts like an outage and the next target answers", async () => {
    w.vendors.hold("openai");
    const outcome = await w.start({ ...two, OPENAI_TIMEOUT_SECONDS: "1" }).ask();
    expect(outcome).toMatchObject({
      served: { provider: "anthropic" },
      calls: [{ failure: { class: "timeout" } }, {}],
    });
  });
});

describe("on_content_filter: next", () => {
  test("takes a withheld answer to the next target; when all withhold it, that is the end", async () => {
    w.vendors.servers.openai.respond(json(200, wire?.refusal()));
    const router = w.start(two);
    const outcome = await router.ask({ on_content_filter: "next" });
    expect(outcome).toMatchObject({ served: { provider: "anthropic" }, calls: [{ provider: "openai" }, {}] });
    const refusal = vendorWires.find(({ provider }) => provider === "anthropic")?.refusal();
    w.vendors.servers.anthropic.respond(json(200, refusal));
    const all = await router.ask({ on_content_filter: "next" });
    expect(all).toMatchObject({ type: "rejected", error: { code: "content_filtered" } });
    expect(providersOf(all)).toEqual(["openai", "anthropic"]);
    expect(await router.ask({ on_content_filter: "stop" })).toMatchObject({ type: "rejected", calls: [{}] });
  });
});

describe("a prompt that is too long", () => {
  test("goes to a target with a larger window only", async () => {
    // gpt-4.1-mini holds a million tokens, claude-sonnet-4-6 fewer; gpt-4 holds 8192.
    w.vendors.servers.openai.respond(json(400, wire?.tooLong.body));
    const router = w.start({ ...two, OPENAI_MODEL: "gpt-4" });
    expect(await router.ask()).toMatchObject({ served: { provider: "anthropic" } });
    const tooLong = vendorWires.find(({ provider }) => provider === "anthropic")?.tooLong;
    w.vendors.servers.anthropic.respond(json(tooLong?.status ?? 400, tooLong?.body));
    const back = await w.start({ LLM_PROVIDERS: "anthropic,openai", OPENAI_MODEL: "gpt-4" }).ask();
    expect(back).toMatchObject({ type: "rejected", error: { code: "context_length" } });
    expect(providersOf(back)).toEqual(["anthropic"]);
  });
});

describe("a provider that asks to be left alone", () => {
  const forms: readonly (readonly [string, () => Readonly<Record<string, string>>, number])[] = [
    ["Retry-After in seconds", () => ({ "retry-after": "17" }), 17_000],
    [
      "Retry-After as a date, by the provider's own clock",
      () => ({ date: "Thu, 01 Jan 2026 10:00:00 GMT", "retry-after": "Thu, 01 Jan 2026 10:00:23 GMT" }),
      23_000,
    ],
    ["OpenAI's reset", () => ({ "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m3s" }), 63_000],
    ["nothing that says a time", () => ({}), 5_000],
  ];
  test.each(forms)("by %s is left alone for that long", async (_form, headers, ms) => {
    w.vendors.fail("openai", 429, headers());
    const router = w.start(two);
    await router.ask();
    w.vendors.up("openai");
    w.clock.advance(ms - 1);
    expect(await router.ask()).toMatchObject({ calls: [{ provider: "anthropic" }] });
    w.clock.advance(1);
    expect(await router.ask()).toMatchObject({ calls: [{ provider: "openai" }] });
  });

  test("is not asked sooner because a later answer names a shorter time", async () => {
    const routers = [w.start(two), w.start(two)];
    const waiting: ServerResponse[] = [];
    w.vendors.servers.openai.respond((response) => {
      waiting.push(response);
      if (waiting.length < 2) return;
      // Both were under way: the longer wish comes first, the shorter one after it.
      for (const [i, seconds] of ["60", "2"].entries())
        json(429, wire?.error("x", "no"), { "retry-after": seconds })(waiting[i] as ServerResponse);
    });
    await Promise.all(routers.map((router) => router.ask()));
    w.vendors.up("openai");
    w.clock.advance(59_000);
    expect(await routers[1]?.ask()).toMatchObject({ calls: [{ provider: "anthropic" }] });
    w.clock.advance(1_000);
    expect(await routers[0]?.ask()).toMatchObject({ calls: [{ provider: "openai" }] });
  });
});

describe("refused keys", () => {
  const keys = { ...two, OPENAI_API_KEY: "one-key,two-key,three-key" };

  test("give way at once, one after the other, then the provider does; nothing is repeated", async () => {
    w.vendors.fail("openai", 403);
    const router = w.start(keys);
    const outcome = await router.ask();
    expect(outcome.calls.map(({ provider, key }) => `${provider} ${key}`)).toEqual([
      "openai key-1",
      "openai key-2",
      "openai key-3",
      "anthropic key-1",
    ]);
    const before = w.clock();
    const next = await w.start(keys).ask();
    expect(next.calls.map(({ provider }) => provider)).toEqual(["anthropic"]);
    expect(next.decision?.reason).toContain("every key was refused");
    expect(w.clock()).toBe(before);
    const pinned = await router.ask({ provider: "openai", strict_provider: true });
    expect(pinned).toMatchObject({ type: "unavailable", error: { code: "provider_auth" }, retryAfterMs: 300_000 });
  });

  test("are out for all models of the provider and every process, and nobody's breaker is", async () => {
    w.vendors.fail("openai", 401);
    await w.start({ ...two, OPENAI_API_KEY: "one-key" }).ask();
    const other = w.start({ ...two, OPENAI_API_KEY: "one-key" });
    expect(await other.ask({ model: "gpt-5.2" })).toMatchObject({ calls: [{ provider: "anthropic" }] });
    const { candidates } = await other.router.explain({ hints: {} });
    expect(candidates.find(({ provider }) => provider === "openai")).toMatchObject({ breaker: { state: "closed" } });
  });
});

import { describe, expect, test } from "vitest";
import type { CallRecord } from "../../src/core/call.ts";
import { json } from "../providers/wire-server.ts";
import { wired } from "./wired.ts";

const w = wired();
const two = { LLM_PROVIDERS: "openai,anthropic" };
const one = { LLM_PROVIDERS: "openai" };
const providersOf = (calls: readonly CallRecord[]) => calls.map(({ provider }) => provider);

describe("an answered request", () => {
  test("says who answered, what it cost, and why it was chosen", async () => {
    const outcome = await w.start().ask();
    expect(outcome).toMatchObject({
      type: "answered",
      answer: { text: "openai answers" },
      served: { provider: "openai", modelAsked: null, modelServed: "gpt-4.1-mini" },
      decision: { strategy: "failover", reason: "failover took its primary openai" },
    });
    expect(outcome.calls).toHaveLength(1);
    expect(outcome.calls[0]).toMatchObject({
      ok: true,
      key: "key-1",
      startedAt: w.clock(),
      usage: { inputTokens: 19 },
    });
    expect(outcome.calls[0]?.costUsd).toBeGreaterThan(0);
    expect(outcome.decision?.degraded).toBeUndefined();
  });

  test("round_robin takes turns", async () => {
    const router = w.start({ LLM_ROUTING_STRATEGY: "round_robin" });
    for (let i = 0; i < 6; i++) await router.ask();
    expect([w.vendors.hits("openai"), w.vendors.hits("anthropic"), w.vendors.hits("ollama")]).toEqual([2, 2, 2]);
  });

  test("after a fallback books the cost where the answer came from, and tells of the failure at once", async () => {
    w.vendors.fail("openai", 500);
    const told: CallRecord[] = [];
    const outcome = await w.start().ask({}, { onCallFailed: (call) => told.push(call), idempotencyKey: "job-7-1" });
    expect(outcome).toMatchObject({ type: "answered", served: { provider: "anthropic" } });
    expect(providersOf(outcome.calls)).toEqual(["openai", "anthropic"]);
    expect(outcome.calls[0]).toMatchObject({ ok: false, costUsd: null, failure: { class: "server", status: 500 } });
    expect(told).toEqual([outcome.calls[0]]);
    const keyOf = (name: "openai" | "anthropic") => w.vendors.servers[name].requests[0]?.headers["idempotency-key"];
    expect([keyOf("openai"), keyOf("anthropic")]).toEqual(["job-7-1-1", "job-7-1-2"]);
  });
});

describe("failures", () => {
  test.each([400, 413, 422])("HTTP %i stops: the request is at fault, and nobody's health suffers", async (status) => {
    w.vendors.fail("openai", status);
    const router = w.start();
    for (let i = 0; i < 10; i++)
      expect(await router.ask()).toMatchObject({ type: "rejected", error: { code: "provider_rejected" } });
    expect(w.vendors.hits("anthropic")).toBe(0);
    w.vendors.up("openai");
    expect(await router.ask()).toMatchObject({ served: { provider: "openai" } });
  });

  test("a rate limit takes the target out for Retry-After, one failure of a server does not", async () => {
    const router = w.start(two);
    w.vendors.fail("openai", 429, { "retry-after": "30" });
    await router.ask();
    w.vendors.up("openai");
    w.clock.advance(29_000);
    expect(await router.ask()).toMatchObject({ served: { provider: "anthropic" } });
    w.clock.advance(1_000);
    expect(await router.ask()).toMatchObject({ served: { provider: "openai" } });
    w.vendors.fail("openai", 500);
    await router.ask();
    w.vendors.up("openai");
    expect(await router.ask()).toMatchObject({ served: { provider: "openai" } });
  });

  test("a 503 with Retry-After counts as a failure and is left alone for that long", async () => {
    w.vendors.fail("openai", 503, { "retry-after": "20" });
    const router = w.start(two);
    await router.ask();
    w.vendors.up("openai");
    w.clock.advance(19_000);
    expect(await router.ask()).toMatchObject({ calls: [{ provider: "anthropic" }] });
    w.clock.advance(1_000);
    expect(await router.ask()).toMatchObject({ served: { provider: "openai" } });
  });

  test("a rate limit without a time lasts 5 s; a sole target's is waited out by nobody", async () => {
    w.vendors.fail("openai", 429);
    const outcome = await w.start(one).ask();
    expect(outcome).toMatchObject({ type: "unavailable", retryAfterMs: 5_000 });
    expect(outcome.calls).toHaveLength(1);
  });

  test("a refused key gives way to the next one, for good", async () => {
    w.vendors.servers.openai.respond((response, { headers }) => {
      const isGood = headers.authorization === "Bearer good-key";
      json(isGood ? 200 : 401, isGood ? answer : { error: { message: "bad key" } })(response);
    });
    const router = w.start({ OPENAI_API_KEY: "bad-key,good-key" });
    const outcome = await router.ask();
    expect(outcome.calls.map(({ key, ok }) => [key, ok])).toEqual([
      ["key-1", false],
      ["key-2", true],
    ]);
    expect((await router.ask()).calls.map(({ key }) => key)).toEqual(["key-2"]);
    w.clock.advance(300_000);
    expect((await router.ask()).calls[0]?.key).toBe("key-1");
  });
  const answer = {
    id: "chatcmpl-1",
    model: "gpt-4.1-mini",
    created: 1,
    choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
  };

  test("with every key refused the provider is out, and a new key is not", async () => {
    w.vendors.fail("openai", 401);
    expect(await w.start().ask()).toMatchObject({ served: { provider: "anthropic" } });
    expect(await w.start().ask()).toMatchObject({ calls: [{ provider: "anthropic" }] });
    w.vendors.up("openai");
    expect(await w.start({ OPENAI_API_KEY: "a-new-key" }).ask()).toMatchObject({ served: { provider: "openai" } });
    const alone = w.start(one);
    expect(await alone.ask()).toMatchObject({ type: "unavailable", error: { code: "provider_auth" } });
  });

  test("an unknown model takes out that target only", async () => {
    w.vendors.fail("openai", 404);
    const router = w.start();
    expect(await router.ask()).toMatchObject({ served: { provider: "anthropic" } });
    w.vendors.up("openai");
    expect(await router.ask()).toMatchObject({ calls: [{ provider: "anthropic" }] });
    expect(await router.ask({ model: "gpt-5.2" })).toMatchObject({ served: { provider: "openai" } });
  });

  test("a sole target is tried three times, with pauses, and never taken out by failures", async () => {
    w.vendors.fail("openai", 500);
    const router = w.start(one);
    const before = w.clock();
    expect((await router.ask()).calls).toHaveLength(3);
    expect(w.clock() - before).toBe(750);
    await router.ask();
    expect((await router.ask()).calls).toHaveLength(1);
    w.vendors.up("openai");
    expect((await router.ask()).type).toBe("answered");
  });

  test("a sole target that is in an outage is unavailable instead of failed: no attempt is spent", async () => {
    w.vendors.fail("openai", 503);
    const router = w.start(one);
    await router.ask();
    expect(await router.ask()).toMatchObject({ type: "unavailable", retryAfterMs: 5_000 });
  });

  test("when all have failed they are repeated within the budget; when all are out, the first reopening counts", async () => {
    for (const name of ["openai", "anthropic", "ollama"] as const) w.vendors.fail(name, 500);
    const router = w.start(two);
    const first = await router.ask();
    expect(first.type).toBe("failed");
    expect(providersOf(first.calls)).toEqual(["openai", "anthropic", "openai", "anthropic", "openai", "anthropic"]);
    expect(await router.ask()).toMatchObject({ type: "unavailable" });
    const third = await router.ask();
    expect(third).toMatchObject({ type: "unavailable", calls: [] });
    expect(third.decision?.reason).toBe(
      "nobody may be called now; anthropic is open until 12:00:06; openai is open until 12:00:06",
    );
    expect(third.type === "unavailable" && third.retryAfterMs).toBeLessThanOrEqual(5_000);
  });

  test("no call is begun after the deadline", async () => {
    w.vendors.fail("openai", 500);
    const outcome = await w.start(one).ask({}, { deadline: w.clock() + 100 });
    expect(outcome).toMatchObject({ type: "failed", calls: [{ provider: "openai" }] });
    expect(outcome.calls).toHaveLength(1);
    expect(await w.start().ask({}, { deadline: w.clock() })).toMatchObject({ type: "failed", calls: [] });
  });

  test("a caller who goes away costs nobody's health; a call that outlives the deadline does", async () => {
    const router = w.start(two);
    const calls = async () =>
      JSON.parse((await w.redis.redis.get(`${w.prefix}:{router}:calls:openai/gpt-4.1-mini`)) ?? "{}");
    const caller = new AbortController();
    w.vendors.servers.openai.respond(() => caller.abort());
    expect(await router.ask({}, { signal: caller.signal })).toMatchObject({
      type: "rejected",
      error: { code: "cancelled" },
      calls: [{ failure: { class: "cancelled" } }],
    });
    expect(Object.keys(await calls()).filter((field) => field.startsWith("f:"))).toEqual([]);
    const late = new AbortController();
    w.vendors.servers.openai.respond(() => {
      w.clock.advance(1_000);
      late.abort();
    });
    const outcome = await router.ask({}, { signal: late.signal, deadline: w.clock() + 1_000 });
    expect(outcome).toMatchObject({ type: "failed", calls: [{ failure: { class: "timeout" } }] });
    expect(Object.keys(await calls()).filter((field) => field.startsWith("f:"))).toHaveLength(1);
  });

  test("without any provider the error says what to set", async () => {
    const router = w.start({ LLM_PROVIDERS: "" }, ["OPENAI", "ANTHROPIC", "OLLAMA"]);
    expect(await router.ask()).toMatchObject({ type: "rejected", error: { code: "no_provider" } });
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { CallRecord } from "../../src/core/call.ts";
import { json } from "../providers/wire-server.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";
import {
  type RouterUnderTest,
  routerUnderTest,
  sleepOn,
  startVendors,
  type Vendors,
  type VirtualClock,
  virtualClock,
} from "./router-under-test.ts";

let redis: TestRedis;
let vendors: Vendors;
let clock: VirtualClock;
let open: RouterUnderTest[] = [];
let prefix = 0;
beforeAll(async () => {
  [redis, vendors] = await Promise.all([testRedis(), startVendors()]);
});
afterAll(async () => {
  await vendors.close();
  await redis.close();
});
beforeEach(() => {
  vendors.reset();
  clock = virtualClock();
  prefix++;
});
afterEach(async () => {
  await Promise.all(open.map((router) => router.close()));
  open = [];
});

/** failover: openai, anthropic, ollama, unless the variables say otherwise. */
function start(env: Readonly<Record<string, string>> = {}, without: readonly string[] = []): RouterUnderTest {
  const all = { ...vendors.env, LLM_ROUTING_STRATEGY: "failover", LLM_PROVIDERS: "openai,anthropic,ollama", ...env };
  const kept = Object.fromEntries(
    Object.entries(all).filter(([name]) => !without.some((part) => name.startsWith(part))),
  );
  const made = routerUnderTest(kept, { redis: redis.redis, prefix: `router${prefix}`, clock, sleep: sleepOn(clock) });
  open.push(made);
  return made;
}
const two = { LLM_PROVIDERS: "openai,anthropic" };
const one = { LLM_PROVIDERS: "openai" };
const providersOf = (calls: readonly CallRecord[]) => calls.map(({ provider }) => provider);

describe("an answered request", () => {
  test("says who answered, what it cost, and why it was chosen", async () => {
    const outcome = await start().ask();
    expect(outcome).toMatchObject({
      type: "answered",
      answer: { text: "openai answers" },
      served: { provider: "openai", modelAsked: null, modelServed: "gpt-4.1-mini" },
      decision: { strategy: "failover", reason: "failover took its primary openai" },
    });
    expect(outcome.calls).toHaveLength(1);
    expect(outcome.calls[0]).toMatchObject({ ok: true, key: "key-1", startedAt: clock(), usage: { inputTokens: 19 } });
    expect(outcome.calls[0]?.costUsd).toBeGreaterThan(0);
    expect(outcome.decision?.degraded).toBeUndefined();
  });

  test("round_robin takes turns", async () => {
    const router = start({ LLM_ROUTING_STRATEGY: "round_robin" });
    for (let i = 0; i < 6; i++) await router.ask();
    expect([vendors.hits("openai"), vendors.hits("anthropic"), vendors.hits("ollama")]).toEqual([2, 2, 2]);
  });

  test("after a fallback books the cost where the answer came from, and tells of the failure at once", async () => {
    vendors.fail("openai", 500);
    const told: CallRecord[] = [];
    const outcome = await start().ask({}, { onCallFailed: (call) => told.push(call), idempotencyKey: "job-7-1" });
    expect(outcome).toMatchObject({ type: "answered", served: { provider: "anthropic" } });
    expect(providersOf(outcome.calls)).toEqual(["openai", "anthropic"]);
    expect(outcome.calls[0]).toMatchObject({ ok: false, costUsd: null, failure: { class: "server", status: 500 } });
    expect(told).toEqual([outcome.calls[0]]);
    const keyOf = (name: "openai" | "anthropic") => vendors.servers[name].requests[0]?.headers["idempotency-key"];
    expect([keyOf("openai"), keyOf("anthropic")]).toEqual(["job-7-1-1", "job-7-1-2"]);
  });
});

describe("hints", () => {
  test("a soft provider comes first, and gives way when it is down", async () => {
    const router = start();
    expect(await router.ask({ provider: "ollama" })).toMatchObject({ served: { provider: "ollama" } });
    vendors.fail("ollama", 503);
    const outcome = await router.ask({ provider: "ollama" });
    expect(outcome).toMatchObject({ served: { provider: "openai" }, decision: { reason: "the hint asks for ollama" } });
  });

  test("a strict provider is called, repeated, and never replaced", async () => {
    vendors.fail("anthropic", 500);
    const outcome = await start().ask({ provider: "anthropic", strict_provider: true });
    expect(outcome).toMatchObject({ type: "failed", error: { code: "provider_failed" } });
    expect(providersOf(outcome.calls)).toEqual(["anthropic", "anthropic", "anthropic"]);
    expect(vendors.hits("openai") + vendors.hits("ollama")).toBe(0);
  });

  test("a strict provider that is out is unavailable, with the time until it is not", async () => {
    vendors.fail("anthropic", 429, { "retry-after": "42" });
    const router = start();
    await router.ask({ provider: "anthropic" });
    const outcome = await router.ask({ provider: "anthropic", strict_provider: true });
    expect(outcome).toMatchObject({
      type: "unavailable",
      retryAfterMs: 42_000,
      error: { code: "provider_unavailable" },
      calls: [],
    });
  });

  test("LLM_STRICT_PROVIDER_DEFAULT pins where the request does not say", async () => {
    vendors.fail("anthropic", 404);
    const router = start({ LLM_STRICT_PROVIDER_DEFAULT: "true" });
    expect((await router.ask({ provider: "anthropic" })).type).toBe("unavailable");
    expect(await router.ask({ provider: "anthropic", strict_provider: false })).toMatchObject({
      served: { provider: "openai" },
    });
    expect(await router.ask({})).toMatchObject({ served: { provider: "openai" } });
  });

  test("allow limits who may serve; a strategy of its own orders them", async () => {
    const router = start();
    const outcome = await router.ask({ allow: ["ollama", "anthropic"], strategy: "round_robin" });
    expect(outcome).toMatchObject({ type: "answered", decision: { strategy: "round_robin" } });
    expect(outcome.decision?.candidates.at(-1)).toMatchObject({ provider: "openai", excluded: "not in allow" });
  });

  test.each([
    [{ provider: "opnai" }, "unknown_provider", "Did you mean openai?"],
    [{ allow: ["nobody"] }, "unknown_provider", "Known: openai, anthropic, ollama."],
    [{ strict_provider: true }, "strict_needs_provider", "strict_provider"],
    [{ strategy: "wheighted" }, "bad_request", "Did you mean weighted?"],
    [{ strategy: "least_busy" }, "bad_request", "not available in this version"],
    [{ max_calls: 0 }, "bad_request", "1 or more"],
    [{ max_usd: -1 }, "bad_request", "0 or more"],
    [{ provider: "openai", strict_provider: true, allow: ["ollama"] }, "bad_request", "leaves out"],
  ])("%j is refused", async (hints, code, part) => {
    const router = start();
    const outcome = await router.ask(hints);
    expect(outcome).toMatchObject({ type: "rejected", error: { code }, calls: [] });
    expect(outcome.type === "rejected" && outcome.error.message).toContain(part);
    expect(() => router.router.checkHints(hints)).toThrow(expect.objectContaining({ code }));
  });

  test("an alias is each provider's own model; the result says asked and served", async () => {
    vendors.fail("openai", 500);
    const outcome = await start().ask({ model: "smart" });
    expect(outcome.calls.map(({ model }) => model)).toEqual(["gpt-5.2", "claude-sonnet-4-6"]);
    expect(outcome).toMatchObject({ served: { modelAsked: "smart", modelServed: "claude-sonnet-4-6" } });
  });

  test("a model goes to who serves it first, and its name to nobody else", async () => {
    const router = start();
    const asked = "claude-opus-4-5";
    expect(await router.ask({ model: asked })).toMatchObject({ served: { provider: "anthropic", modelAsked: asked } });
    expect(vendors.servers.anthropic.requests[0]?.body.model).toBe(asked);
    vendors.fail("anthropic", 500);
    const outcome = await router.ask({ model: asked });
    expect(outcome).toMatchObject({ served: { provider: "openai", modelAsked: asked, modelServed: "gpt-4.1-mini" } });
    expect(vendors.servers.openai.requests[0]?.body.model).toBe("gpt-4.1-mini");
    await router.ask({ provider: "openai", model: asked });
    expect(vendors.servers.openai.requests.at(-1)?.body.model).toBe("gpt-4.1-mini");
  });

  test("a model that nobody is known to serve goes to the provider that it was paired with", async () => {
    const router = start();
    await router.ask({ provider: "openai", model: "acme-internal-7" });
    expect(vendors.servers.openai.requests[0]?.body.model).toBe("acme-internal-7");
    await router.ask({ model: "acme-internal-7" });
    expect(vendors.servers.openai.requests[1]?.body.model).toBe("gpt-4.1-mini");
  });

  test("max_calls counts failed calls of all providers", async () => {
    for (const name of ["openai", "anthropic", "ollama"] as const) vendors.fail(name, 500);
    const outcome = await start().ask({ max_calls: 2 });
    expect(outcome).toMatchObject({ type: "failed" });
    expect(providersOf(outcome.calls)).toEqual(["openai", "anthropic"]);
    expect(outcome.type === "failed" && outcome.error.message).toContain("2 calls are spent");
  });
});

describe("failures", () => {
  test.each([400, 413, 422])("HTTP %i stops: the request is at fault, and nobody's health suffers", async (status) => {
    vendors.fail("openai", status);
    const router = start();
    for (let i = 0; i < 10; i++)
      expect(await router.ask()).toMatchObject({ type: "rejected", error: { code: "provider_rejected" } });
    expect(vendors.hits("anthropic")).toBe(0);
    vendors.up("openai");
    expect(await router.ask()).toMatchObject({ served: { provider: "openai" } });
  });

  test("a rate limit takes the target out for Retry-After, one failure of a server does not", async () => {
    const router = start(two);
    vendors.fail("openai", 429, { "retry-after": "30" });
    await router.ask();
    vendors.up("openai");
    clock.advance(29_000);
    expect(await router.ask()).toMatchObject({ served: { provider: "anthropic" } });
    clock.advance(1_000);
    expect(await router.ask()).toMatchObject({ served: { provider: "openai" } });
    vendors.fail("openai", 500);
    await router.ask();
    vendors.up("openai");
    expect(await router.ask()).toMatchObject({ served: { provider: "openai" } });
  });

  test("a 503 with Retry-After counts as a failure and is left alone for that long", async () => {
    vendors.fail("openai", 503, { "retry-after": "20" });
    const router = start(two);
    await router.ask();
    vendors.up("openai");
    clock.advance(19_000);
    expect(await router.ask()).toMatchObject({ calls: [{ provider: "anthropic" }] });
    clock.advance(1_000);
    expect(await router.ask()).toMatchObject({ served: { provider: "openai" } });
  });

  test("a rate limit without a time lasts 5 s; a sole target's is waited out by nobody", async () => {
    vendors.fail("openai", 429);
    const outcome = await start(one).ask();
    expect(outcome).toMatchObject({ type: "unavailable", retryAfterMs: 5_000 });
    expect(outcome.calls).toHaveLength(1);
  });

  test("a refused key gives way to the next one, for good", async () => {
    vendors.servers.openai.respond((response, { headers }) => {
      const isGood = headers.authorization === "Bearer good-key";
      json(isGood ? 200 : 401, isGood ? answer : { error: { message: "bad key" } })(response);
    });
    const router = start({ OPENAI_API_KEY: "bad-key,good-key" });
    const outcome = await router.ask();
    expect(outcome.calls.map(({ key, ok }) => [key, ok])).toEqual([
      ["key-1", false],
      ["key-2", true],
    ]);
    expect((await router.ask()).calls.map(({ key }) => key)).toEqual(["key-2"]);
    clock.advance(300_000);
    expect((await router.ask()).calls[0]?.key).toBe("key-1");
  });
  const answer = {
    id: "chatcmpl-1",
    model: "gpt-4.1-mini",
    created: 1,
    choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
  };

  test("with every key refused the provider is out, and a new key is not", async () => {
    vendors.fail("openai", 401);
    expect(await start().ask()).toMatchObject({ served: { provider: "anthropic" } });
    expect(await start().ask()).toMatchObject({ calls: [{ provider: "anthropic" }] });
    vendors.up("openai");
    expect(await start({ OPENAI_API_KEY: "a-new-key" }).ask()).toMatchObject({ served: { provider: "openai" } });
    const alone = start(one);
    expect(await alone.ask()).toMatchObject({ type: "unavailable", error: { code: "provider_auth" } });
  });

  test("an unknown model takes out that target only", async () => {
    vendors.fail("openai", 404);
    const router = start();
    expect(await router.ask()).toMatchObject({ served: { provider: "anthropic" } });
    vendors.up("openai");
    expect(await router.ask()).toMatchObject({ calls: [{ provider: "anthropic" }] });
    expect(await router.ask({ model: "gpt-5.2" })).toMatchObject({ served: { provider: "openai" } });
  });

  test("a sole target is tried three times, with pauses, and never taken out by failures", async () => {
    vendors.fail("openai", 500);
    const router = start(one);
    const before = clock();
    expect((await router.ask()).calls).toHaveLength(3);
    expect(clock() - before).toBe(750);
    await router.ask();
    expect((await router.ask()).calls).toHaveLength(1);
    vendors.up("openai");
    expect((await router.ask()).type).toBe("answered");
  });

  test("a sole target that is in an outage is unavailable instead of failed: no attempt is spent", async () => {
    vendors.fail("openai", 503);
    const router = start(one);
    await router.ask();
    expect(await router.ask()).toMatchObject({ type: "unavailable", retryAfterMs: 5_000 });
  });

  test("when all have failed they are repeated within the budget; when all are out, the first reopening counts", async () => {
    for (const name of ["openai", "anthropic", "ollama"] as const) vendors.fail(name, 500);
    const router = start(two);
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
    vendors.fail("openai", 500);
    const outcome = await start(one).ask({}, { deadline: clock() + 100 });
    expect(outcome).toMatchObject({ type: "failed", calls: [{ provider: "openai" }] });
    expect(outcome.calls).toHaveLength(1);
    expect(await start().ask({}, { deadline: clock() })).toMatchObject({ type: "failed", calls: [] });
  });

  test("a caller who goes away costs nobody's health; a call that outlives the deadline does", async () => {
    const router = start(two);
    const health = async () => (await redis.redis.hgetall(`router${prefix}:{router}:health:openai/gpt-4.1-mini`)) ?? {};
    const caller = new AbortController();
    vendors.servers.openai.respond(() => caller.abort());
    expect(await router.ask({}, { signal: caller.signal })).toMatchObject({
      type: "rejected",
      error: { code: "cancelled" },
      calls: [{ failure: { class: "cancelled" } }],
    });
    expect(Object.keys(await health()).filter((field) => field.startsWith("f:"))).toEqual([]);
    const late = new AbortController();
    vendors.servers.openai.respond(() => {
      clock.advance(1_000);
      late.abort();
    });
    const outcome = await router.ask({}, { signal: late.signal, deadline: clock() + 1_000 });
    expect(outcome).toMatchObject({ type: "failed", calls: [{ failure: { class: "timeout" } }] });
    expect(Object.keys(await health()).filter((field) => field.startsWith("f:"))).toHaveLength(1);
  });

  test("without any provider the error says what to set", async () => {
    const router = start({ LLM_PROVIDERS: "" }, ["OPENAI", "ANTHROPIC", "OLLAMA"]);
    expect(await router.ask()).toMatchObject({ type: "rejected", error: { code: "no_provider" } });
  });
});

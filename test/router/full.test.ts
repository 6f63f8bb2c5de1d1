import { describe, expect, test } from "vitest";
import type { RoutingOverrides } from "../../src/config/overrides.ts";
import type { RouteOutcome } from "../../src/router/router.ts";
import { json } from "../providers/wire-server.ts";
import { eventually } from "../support/eventually.ts";
import type { RouterUnderTest } from "./router-under-test.ts";
import { wired } from "./wired.ts";

const w = wired();
type Limits = NonNullable<RoutingOverrides["limits"]>[string];

/** failover openai, anthropic; openai with limits. */
const limited = (openai: Limits, env: Readonly<Record<string, string>> = {}) =>
  w.start({ LLM_PROVIDERS: "openai,anthropic", ...env }, [], undefined, { routing: { limits: { openai } } });
const sole = { LLM_PROVIDERS: "openai" };
const servedBy = (outcome: RouteOutcome) => (outcome.type === "answered" ? outcome.served.provider : outcome.type);
const openaiOf = async ({ router }: RouterUnderTest) =>
  (await router.explain({ hints: {} })).candidates.find(({ provider }) => provider === "openai");

/** A request of 75 tokens of input and 100 of output. */
function large({ router }: RouterUnderTest, i: number): Promise<RouteOutcome> {
  const request = { messages: [{ role: "user" as const, content: "word ".repeat(60) }], maxTokens: 100 };
  const signal = new AbortController().signal;
  return router.call(request, { hints: {}, signal, idempotencyKey: `large-${i}`, deadline: w.clock() + 60_000 });
}

describe("a target at its limit", () => {
  test("is passed over without a word against it, and is back when its time has come", async () => {
    const [one, other] = [limited({ requests_per_minute: 2 }), limited({ requests_per_minute: 2 })];
    expect([servedBy(await one.ask()), servedBy(await other.ask())]).toEqual(["openai", "openai"]);
    for (let i = 0; i < 8; i++) {
      const outcome = await (i % 2 ? one : other).ask();
      expect(outcome).toMatchObject({ served: { provider: "anthropic" }, calls: [{ provider: "anthropic" }] });
      expect(outcome.decision?.reason).toContain("openai is at its limit of 2 requests a minute");
    }
    expect(await openaiOf(one)).toMatchObject({
      state: "out",
      breaker: { state: "closed", failed: 0 },
      limitedUntil: 0,
    });
    w.clock.advance(60_000);
    expect(servedBy(await one.ask())).toBe("openai");
  });

  test("five parallel calls of 175 tokens under a cap of 100 admit at most one, over two routers", async () => {
    const routers = [limited({ tokens_per_minute: 100 }, sole), limited({ tokens_per_minute: 100 }, sole)];
    const held = w.vendors.hold("openai");
    const asked = Array.from({ length: 5 }, (_, i) => large(routers[i % 2] as RouterUnderTest, i));
    await eventually(() => expect(held.waiting).toBe(1));
    const refused = await Promise.race(asked);
    expect(refused).toMatchObject({ type: "unavailable", calls: [] });
    held.release();
    const outcomes = await Promise.all(asked);
    expect(outcomes.filter(({ type }) => type === "answered")).toHaveLength(1);
    expect(outcomes.filter(({ type }) => type === "unavailable")).toHaveLength(4);
    expect(w.vendors.hits("openai")).toBe(1);
  });

  test("tokens are booked by estimate and corrected by what was used; a failed call gives its own back", async () => {
    const router = limited({ tokens_per_minute: 2_000 });
    await router.ask();
    const used = async () => (await openaiOf(router))?.limits[0]?.used;
    expect(await used()).toBe(29);
    w.vendors.fail("openai", 500);
    await router.ask();
    expect(await used()).toBe(29);
    const held = w.vendors.hold("openai");
    const asked = router.ask();
    await eventually(() => expect(held.waiting).toBe(1));
    expect(await used()).toBe(29 + 2 + 1_000);
    held.release();
    await asked;
    expect(await used()).toBe(58);
  });

  test("calls at a time are counted over all routers, and a place is free once a call has ended", async () => {
    const [one, other] = [limited({ concurrency: 2 }), limited({ concurrency: 2 })];
    const held = w.vendors.hold("openai");
    const asked = [one.ask(), other.ask()];
    await eventually(() => expect(held.waiting).toBe(2));
    expect([servedBy(await one.ask()), servedBy(await other.ask())]).toEqual(["anthropic", "anthropic"]);
    held.release();
    expect((await Promise.all(asked)).map(servedBy)).toEqual(["openai", "openai"]);
    w.vendors.up("openai");
    expect(servedBy(await other.ask())).toBe("openai");
  });

  test("twenty at once over two routers: never more at a time than allowed, and all are answered", async () => {
    const routers = [limited({ concurrency: 3 }), limited({ concurrency: 3 })];
    let now = 0;
    let most = 0;
    w.vendors.servers.openai.respond((response) => {
      most = Math.max(most, ++now);
      response.once("close", () => now--);
      setTimeout(() => json(200, openaiAnswer)(response), 20);
    });
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, i) => routers[i % 2]?.ask()));
    expect(outcomes.every((outcome) => outcome?.type === "answered")).toBe(true);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(3);
  });
  const openaiAnswer = {
    id: "chatcmpl-1",
    model: "gpt-4.1-mini",
    created: 1,
    choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
  };

  test("USD of a day: full until midnight by UTC", async () => {
    // $0.03006 are reserved for each call, $0.00087 are what it costs: the third does not fit.
    const router = limited({ usd_per_day: 0.0317 }, { ...sole, PROVIDER_COSTS: "openai:0.03" });
    expect([(await router.ask()).type, (await router.ask()).type]).toEqual(["answered", "answered"]);
    const third = await router.ask();
    expect(third).toMatchObject({ type: "unavailable", retryAfterMs: 12 * 3_600_000, calls: [] });
    expect(third.decision?.reason).toContain("at its limit of 0.0317 USD a day");
    w.clock.advance(12 * 3_600_000);
    expect((await router.ask()).type).toBe("answered");
  });

  test("a sole one is unavailable until there is room: no call, no attempt", async () => {
    const minute = limited({ requests_per_minute: 1 }, sole);
    await minute.ask();
    w.clock.advance(10_000);
    expect(await minute.ask()).toMatchObject({
      type: "unavailable",
      retryAfterMs: 50_000,
      error: { code: "provider_unavailable" },
      calls: [],
    });
    w.clock.advance(50_000);
    expect((await minute.ask()).type).toBe("answered");
  });

  test("a sole one with all its places taken is worth asking again soon", async () => {
    const router = limited({ concurrency: 1 }, sole);
    const held = w.vendors.hold("openai");
    const asked = router.ask();
    await eventually(() => expect(held.waiting).toBe(1));
    const outcome = await router.ask();
    expect(outcome).toMatchObject({ type: "unavailable", calls: [] });
    expect(outcome.type === "unavailable" && outcome.retryAfterMs).toBeLessThanOrEqual(500);
    // Who waits for an answer gets the next free place.
    const waiting = router.ask({}, { wait: true });
    setTimeout(() => held.release(), 50);
    expect((await asked).type).toBe("answered");
    w.vendors.up("openai");
    held.release();
    expect((await waiting).type).toBe("answered");
  });
});

describe("a key at its limit", () => {
  const keys = { OPENAI_API_KEY: "first-key,second-key" };
  const each: Limits = { keys: { "key-1": { requests_per_minute: 1 }, "key-2": { requests_per_minute: 1 } } };
  const keysUsed = (outcomes: readonly RouteOutcome[]) =>
    outcomes.map(({ calls }) => calls.map(({ provider, key }) => `${provider} ${key}`).join(", ")).sort();

  test("gives way to the next key, then to the next provider", async () => {
    const router = limited(each, keys);
    const outcomes = [await router.ask(), await router.ask(), await router.ask()];
    expect(keysUsed(outcomes)).toEqual(["anthropic key-1", "openai key-1", "openai key-2"]);
    expect(outcomes[2]?.decision?.reason).toContain("openai is at its keys' limit of 1 requests a minute");
    w.clock.advance(60_000);
    expect((await router.ask()).calls).toMatchObject([{ provider: "openai", key: "key-1" }]);
  });

  test("gives way to the next key for those who ask at the same moment too", async () => {
    const routers = [limited(each, keys), limited(each, keys)];
    const outcomes = await Promise.all([routers[0]?.ask(), routers[1]?.ask()]);
    expect(keysUsed(outcomes as RouteOutcome[])).toEqual(["openai key-1", "openai key-2"]);
  });

  test("a full key and a refused key leave nobody", async () => {
    w.vendors.servers.openai.respond((response, { headers }) => {
      const isGood = headers.authorization === "Bearer first-key";
      json(isGood ? 200 : 401, isGood ? answer : { error: { message: "bad key" } })(response);
    });
    const answer = {
      id: "chatcmpl-1",
      model: "gpt-4.1-mini",
      created: 1,
      choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
    };
    const router = limited({ keys: { "key-1": { requests_per_minute: 1 } } }, { ...keys, ...sole });
    const outcomes = [await router.ask(), await router.ask(), await router.ask()];
    expect(outcomes.map(({ type }) => type)).toEqual(["answered", "unavailable", "unavailable"]);
    expect(outcomes.map(({ calls }) => calls.length)).toEqual([1, 1, 0]);
    expect(outcomes[2]).toMatchObject({ retryAfterMs: 60_000 });
  });
});

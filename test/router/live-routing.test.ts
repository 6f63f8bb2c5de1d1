import { describe, expect, test } from "vitest";
import type { RoutingOverrides } from "../../src/config/overrides.ts";
import { keysOf } from "../../src/redis/keys.ts";
import type { RouteOutcome } from "../../src/router/router.ts";
import { eventually } from "../support/eventually.ts";
import { sleepOn } from "./router-under-test.ts";
import { wired } from "./wired.ts";

const w = wired();
const two = { LLM_PROVIDERS: "openai,anthropic" };
const servedBy = (outcome: RouteOutcome) => (outcome.type === "answered" ? outcome.served.provider : outcome.type);
let version = 0;

/** Sets the fleet's routing, as the routing's store writes it. @returns its version */
async function set(overrides: RoutingOverrides | string): Promise<number> {
  const text = typeof overrides === "string" ? overrides : JSON.stringify(overrides);
  await w.redis.redis.hset(keysOf(w.prefix).router("routing"), { version: ++version, overrides: text });
  return version;
}

describe("routing that is set at run time", () => {
  test("counts from the next decision of every router on, and the decision says by which version it was made", async () => {
    const routers = [w.start(two), w.start(two)];
    for (const router of routers) {
      const outcome = await router.ask();
      expect(outcome).toMatchObject({ served: { provider: "openai" }, decision: { routingVersion: 0 } });
    }
    const now = await set({ default: "anthropic" });
    for (const router of routers) {
      const outcome = await router.ask();
      expect(outcome).toMatchObject({ served: { provider: "anthropic" }, decision: { routingVersion: now } });
    }
    await set({ strategy: "cost_optimized", costs: { openai: 0.001, anthropic: 0.002 } });
    for (const router of routers)
      expect(await router.ask()).toMatchObject({
        served: { provider: "openai" },
        decision: { strategy: "cost_optimized" },
      });
    await set({});
    for (const router of routers) expect(servedBy(await router.ask())).toBe("openai");
  });

  test("prices are those in force when the call is made", async () => {
    const router = w.start(two);
    expect((await router.ask()).calls[0]?.price?.source).toBe("table");
    await set({ costs: { openai: 1 } });
    expect((await router.ask()).calls[0]).toMatchObject({
      costUsd: 0.029,
      price: { inputPerMillion: 1_000, outputPerMillion: 1_000, source: "settings" },
    });
  });

  test("a price that was set at the start and is taken away at run time leaves the table's, for decision, record and sum", async () => {
    const routers = ["cost_optimized", "failover"].map((strategy) =>
      w.start({ ...two, PROVIDER_COSTS: "openai:1,anthropic:0.001", LLM_ROUTING_STRATEGY: strategy }),
    );
    const [cheapest, chained] = routers;
    expect((await cheapest?.ask())?.calls[0]).toMatchObject({ provider: "anthropic", price: { source: "settings" } });
    expect((await chained?.ask())?.calls[0]).toMatchObject({ provider: "openai", costUsd: 0.029 });
    await set({ costs: {} });
    // By the table gpt-4.1-mini costs a tenth of claude-sonnet.
    expect((await cheapest?.ask())?.calls[0]).toMatchObject({
      provider: "openai",
      price: { inputPerMillion: 0.4, outputPerMillion: 1.6, source: "table" },
    });
    expect((await chained?.ask())?.calls[0]?.costUsd).toBeCloseTo((15 * 0.4 + 4 * 0.1 + 10 * 1.6) / 1e6, 10);
    const shadowed = w.start({ ...two, PROVIDER_COSTS: "anthropic:1" }, [], () => 0, {
      routing: { shadow: { provider: "anthropic", share: 1 } },
    });
    await set({ costs: {}, shadow: { provider: "anthropic", share: 1 } });
    await shadowed.ask();
    const day = new Date(w.clock()).toISOString().slice(0, 10);
    await eventually(async () => {
      const spent = (await shadowed.router.spend(day, day)).filter(({ provider }) => provider === "anthropic");
      expect(spent.map(({ use }) => use.calls)).toEqual([2]);
      // Never the dollar per 1,000 tokens of the start.
      expect(spent[0]?.use.costUsd).toBeLessThan(0.01);
    });
  });

  test("who is disabled is never called, not even as a last resort; who is enabled may be asked for at once", async () => {
    const [one, other] = [w.start(two), w.start(two)];
    await set({ enabled: ["ollama", "anthropic"] });
    expect(await one.ask({ provider: "ollama", strict_provider: true })).toMatchObject({
      served: { provider: "ollama" },
    });
    w.vendors.fail("anthropic", 500);
    w.vendors.fail("ollama", 500);
    expect((await other.ask()).type).toBe("failed");
    expect(w.vendors.hits("openai")).toBe(0);
    const pinned = await other.ask({ provider: "openai", strict_provider: true });
    expect(pinned).toMatchObject({ type: "rejected", error: { code: "unknown_provider" } });
  });

  test("what cannot be read changes nothing, and is told once", async () => {
    const told: string[] = [];
    const router = w.start(two, [], undefined, { log: { warn: (_fields, message) => told.push(message) } });
    await set({ default: "anthropic" });
    expect(servedBy(await router.ask())).toBe("anthropic");
    await set("{ not json");
    for (let i = 0; i < 3; i++) expect(servedBy(await router.ask())).toBe("anthropic");
    expect(told).toHaveLength(1);
    expect(told[0]).toContain("cannot be read");
  });
});

describe("a drained provider", () => {
  test("gets no new call; one under way goes on", async () => {
    const [one, other] = [w.start(two), w.start(two)];
    const held = w.vendors.hold("openai");
    const asked = one.ask();
    await eventually(() => expect(held.waiting).toBe(1));
    await set({ drained: ["openai"] });
    const outcome = await other.ask();
    expect(outcome).toMatchObject({ served: { provider: "anthropic" }, calls: [{ provider: "anthropic" }] });
    expect(outcome.decision?.candidates.at(-1)).toMatchObject({ provider: "openai", excluded: "drained" });
    held.release();
    expect(servedBy(await asked)).toBe("openai");
    expect(w.vendors.hits("openai")).toBe(1);
    w.vendors.up("openai");
    expect(servedBy(await one.ask({ provider: "openai" }))).toBe("anthropic");
    await set({});
    expect(servedBy(await one.ask())).toBe("openai");
  });

  test("that nobody can stand in for is unavailable, soon to be asked again", async () => {
    const router = w.start(two);
    await set({ drained: ["openai"] });
    const pinned = await router.ask({ provider: "openai", strict_provider: true });
    expect(pinned).toMatchObject({ type: "unavailable", retryAfterMs: 5_000, error: { code: "provider_unavailable" } });
    await set({ drained: ["openai", "anthropic"] });
    expect(await router.ask()).toMatchObject({ type: "unavailable", retryAfterMs: 5_000, calls: [] });
    expect(w.vendors.hits("openai") + w.vendors.hits("anthropic")).toBe(0);
  });

  test("is called by whoever waited for it once it is undrained", async () => {
    let slept = 0;
    const sleep = async (ms: number) => {
      if (++slept === 3) await set({});
      await sleepOn(w.clock)(ms);
    };
    const router = w.start(two, [], undefined, { sleep });
    await set({ drained: ["openai", "anthropic"] });
    expect(servedBy(await router.ask({}, { wait: true, deadline: w.clock() + 600_000 }))).toBe("openai");
    expect(slept).toBe(3);
  });
});

describe("a provider that was enabled at run time", () => {
  test("takes its share gradually over 30 s", async () => {
    const since = w.clock();
    const router = w.start(two, [], Math.random);
    await set({ enabled: ["ollama", "openai"], default: "ollama", since: { ollama: since } });
    const firsts = async () => {
      const all = await Promise.all(Array.from({ length: 200 }, () => router.router.explain({ hints: {} })));
      return all.filter(({ candidates }) => candidates[0]?.provider === "ollama").length / 200;
    };
    const ollama = async () =>
      (await router.router.explain({ hints: {} })).candidates.find(({ provider }) => provider === "ollama");
    w.clock.advance(6_000);
    expect(await ollama()).toMatchObject({ state: "ramping", share: 0.2 });
    const share = await firsts();
    expect(share).toBeGreaterThan(0.08);
    expect(share).toBeLessThan(0.35);
    w.clock.advance(24_000);
    expect(await ollama()).toMatchObject({ state: "closed", share: 1 });
    expect(await firsts()).toBe(1);
  });
});

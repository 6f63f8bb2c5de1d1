import { describe, expect, test } from "vitest";
import type { RouteOutcome } from "../../src/router/router.ts";
import { vendorWires } from "../providers/vendor-wire.ts";
import { json } from "../providers/wire-server.ts";
import { eventually } from "../support/eventually.ts";
import type { RouterUnderTest, Vendor } from "./router-under-test.ts";
import { wired } from "./wired.ts";

const w = wired();
const servedBy = (outcome: RouteOutcome) => (outcome.type === "answered" ? outcome.served.provider : outcome.type);
const strategy = (name: string, env: Readonly<Record<string, string>> = {}) =>
  w.start({ LLM_ROUTING_STRATEGY: name, ...env });

/** The vendor takes so long by the virtual clock. */
function takes(name: Vendor, ms: number): void {
  const wire = vendorWires.find(({ provider }) => provider === name);
  w.vendors.servers[name].respond((response) => {
    w.clock.advance(ms);
    json(200, wire?.answer("at last"))(response);
  });
}

/** A request of given size. */
function sized({ router }: RouterUnderTest, inputTokens: number, maxTokens: number): Promise<RouteOutcome> {
  return router.call(
    { messages: [{ role: "user", content: "x".repeat(4 * inputTokens) }], maxTokens },
    { hints: {}, signal: new AbortController().signal, idempotencyKey: "sized", deadline: w.clock() + 60_000 },
  );
}

describe("latency_optimized", () => {
  test("goes to who has been fast, which every router knows; who grows slow loses his place", async () => {
    const env = { LLM_PROVIDERS: "openai,anthropic" };
    const [one, other] = [strategy("latency_optimized", env), strategy("latency_optimized", env)];
    takes("openai", 900);
    takes("anthropic", 200);
    // Each is tried once: nobody knows them yet.
    const first = [servedBy(await one.ask()), servedBy(await other.ask())];
    expect(first.sort()).toEqual(["anthropic", "openai"]);
    for (let i = 0; i < 4; i++) expect(servedBy(await (i % 2 ? one : other).ask())).toBe("anthropic");
    const { candidates } = await other.router.explain({ hints: {} });
    expect(
      candidates.slice(0, 2).map(({ provider, score }) => [provider, score === null ? null : Math.round(score / 100)]),
    ).toEqual([
      ["anthropic", 2],
      ["openai", 9],
    ]);
    takes("anthropic", 5_000);
    await one.ask();
    expect(servedBy(await other.ask())).toBe("openai");
  });

  test("does not learn from failures, which are fast at times", async () => {
    const env = { LLM_PROVIDERS: "openai,anthropic" };
    const router = strategy("latency_optimized", env);
    takes("anthropic", 300);
    w.vendors.fail("openai", 500);
    for (let i = 0; i < 2; i++) await router.ask();
    const { candidates } = await router.router.explain({ hints: {} });
    expect(candidates.find(({ provider }) => provider === "openai")).toMatchObject({ latencyMs: null });
  });

  test("tries one again that was slow, once its average has faded", async () => {
    const router = strategy("latency_optimized", { LLM_PROVIDERS: "openai,anthropic" });
    takes("openai", 800);
    takes("anthropic", 200);
    for (let i = 0; i < 2; i++) await router.ask();
    expect(servedBy(await router.ask())).toBe("anthropic");
    // Three half-lives, while anthropic is called now and then: openai's 800 count as 100.
    for (let i = 0; i < 3; i++) {
      w.clock.advance(60_000);
      await router.ask({ provider: "anthropic" });
    }
    expect(servedBy(await router.ask())).toBe("openai");
  });
});

describe("cost_optimized", () => {
  test("reckons with input and output of this request: who is cheap for one may be dear for another", async () => {
    // By the price table an output token is worth four input tokens of gpt-4.1-mini; ollama costs nothing.
    const router = strategy("cost_optimized", {
      LLM_PROVIDERS: "openai,anthropic",
      PROVIDER_COSTS: "anthropic:0.0008",
    });
    expect(servedBy(await sized(router, 10_000, 10))).toBe("openai");
    expect(servedBy(await sized(router, 10, 10_000))).toBe("anthropic");
    expect(servedBy(await strategy("cost_optimized").ask())).toBe("ollama");
  });

  test("goes to the next cheapest when the cheapest is out, and says what it reckoned", async () => {
    const router = strategy("cost_optimized", { PROVIDER_COSTS: "ollama:0,anthropic:0.025,openai:0.03" });
    w.vendors.fail("ollama", 503);
    const outcome = await router.ask();
    expect(outcome.calls.map(({ provider }) => provider)).toEqual(["ollama", "anthropic"]);
    w.vendors.up("ollama");
    w.vendors.fail("ollama", 429, { "retry-after": "60" });
    await router.ask();
    const next = await router.ask();
    expect(next).toMatchObject({ served: { provider: "anthropic" }, calls: [{ provider: "anthropic" }] });
    expect(next.decision?.reason).toContain("cost_optimized took anthropic (about $0.025)");
  });
});

describe("least_busy", () => {
  test("counts the calls under way of all routers", async () => {
    const env = { LLM_PROVIDERS: "openai,anthropic" };
    const [one, other] = [strategy("least_busy", env), strategy("least_busy", env)];
    const held = w.vendors.hold("openai");
    const asked = [one.ask({ provider: "openai" }), one.ask({ provider: "openai" })];
    await eventually(() => expect(held.waiting).toBe(2));
    const outcome = await other.ask();
    expect(outcome).toMatchObject({ served: { provider: "anthropic" } });
    expect(outcome.decision?.reason).toBe("least_busy took anthropic (0 calls under way)");
    held.release();
    await Promise.all(asked);
    const { candidates } = await other.router.explain({ hints: {} });
    expect(candidates.slice(0, 2).map(({ busy }) => busy)).toEqual([0, 0]);
  });

  test("spreads what comes at once", async () => {
    const router = strategy("least_busy");
    const held = (["openai", "anthropic", "ollama"] as const).map((name) => w.vendors.hold(name));
    const asked = [];
    for (let i = 0; i < 9; i++) {
      asked.push(router.ask());
      await eventually(() => expect(held.reduce((sum, { waiting }) => sum + waiting, 0)).toBe(i + 1));
    }
    expect(held.map(({ waiting }) => waiting)).toEqual([3, 3, 3]);
    for (const vendor of held) vendor.release();
    await Promise.all(asked);
  });
});

describe("a request's own strategy", () => {
  test("orders its targets and nobody else's", async () => {
    const router = strategy("failover");
    expect(await router.ask({ strategy: "cost_optimized" })).toMatchObject({
      served: { provider: "ollama" },
      decision: { strategy: "cost_optimized" },
    });
    expect(await router.ask()).toMatchObject({ served: { provider: "openai" }, decision: { strategy: "failover" } });
  });

  test("weight 0 is never drawn, and still a fallback", async () => {
    const router = w.start({ LLM_ROUTING_STRATEGY: "weighted", PROVIDER_WEIGHTS: "openai:1" }, [], Math.random);
    for (let i = 0; i < 10; i++) expect(servedBy(await router.ask())).toBe("openai");
    w.vendors.fail("openai", 503);
    expect((await router.ask()).calls.map(({ provider }) => provider)).toEqual(["openai", "anthropic"]);
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RoutingOverrides } from "../../src/config/overrides.ts";
import type { RouteOutcome } from "../../src/router/router.ts";
import { eventually } from "../support/eventually.ts";
import { type RouterProcess, routerProcess } from "./router-process.ts";
import { wired } from "./wired.ts";

const w = wired();
let one: RouterProcess;
let other: RouterProcess;

beforeAll(async () => {
  [one, other] = await Promise.all([routerProcess(w.redis.url), routerProcess(w.redis.url)]);
});
afterAll(() => Promise.all([one.kill(), other.kill()]));

const settings = (strategy: string, routing: RoutingOverrides = {}, more: Readonly<Record<string, string>> = {}) => ({
  prefix: w.prefix,
  env: { ...w.vendors.env, LLM_PROVIDERS: "openai,anthropic", LLM_ROUTING_STRATEGY: strategy, ...more },
  routing,
});
/** Gives both the same settings. */
async function both(...given: Parameters<typeof settings>): Promise<void> {
  await Promise.all([one, other].map((process) => process.start(settings(...given))));
}
const servedBy = (outcome: RouteOutcome) => (outcome.type === "answered" ? outcome.served.provider : outcome.type);
const candidate = async (process: RouterProcess, name: string) =>
  (await process.explain()).candidates.find(({ provider }) => provider === name);
/** Each is asked in turn, all at once. */
const askAll = (count: number) => Promise.all(Array.from({ length: count }, (_, i) => (i % 2 ? one : other).ask()));

describe("two processes on one Redis", () => {
  test("what one has learned the other goes by: an opened breaker, a rate limit, a refused key", async () => {
    await both("failover", {}, { LLM_PROVIDERS: "openai,anthropic,ollama" });
    w.vendors.fail("openai", 503);
    for (let i = 0; i < 5; i++) await one.ask();
    expect(await other.ask()).toMatchObject({ served: { provider: "anthropic" }, calls: [{ provider: "anthropic" }] });
    w.vendors.fail("anthropic", 429, { "retry-after": "600" });
    await other.ask();
    expect(await one.ask()).toMatchObject({ served: { provider: "ollama" }, calls: [{ provider: "ollama" }] });
    w.vendors.fail("ollama", 401);
    await one.ask();
    const outcome = await other.ask();
    expect(outcome).toMatchObject({ type: "unavailable", calls: [] });
    expect(outcome.type === "unavailable" && outcome.retryAfterMs).toBeLessThanOrEqual(6_000);
  });

  test("exactly one call of all probes a target whose time is over, then all go back to it as its share grows", async () => {
    await both("failover");
    w.vendors.fail("openai", 503);
    for (let i = 0; i < 5; i++) await (i % 2 ? one : other).ask();
    await Promise.all([one.advance(6_001), other.advance(6_001)]);
    const held = w.vendors.hold("openai");
    const asked = askAll(40);
    await eventually(() => expect(w.vendors.hits("anthropic")).toBe(5 + 39));
    expect([held.waiting, w.vendors.hits("openai")]).toEqual([1, 6]);
    held.release();
    expect((await asked).map(servedBy).sort()[39]).toBe("openai");
    w.vendors.up("openai");
    expect(await candidate(one, "openai")).toMatchObject({ state: "ramping" });
    await Promise.all([one.advance(31_000), other.advance(31_000)]);
    expect((await askAll(6)).map(servedBy)).toEqual(Array.from({ length: 6 }, () => "openai"));
  });

  test("take turns by one counter", async () => {
    await both("round_robin");
    await askAll(40);
    expect([w.vendors.hits("openai"), w.vendors.hits("anthropic")]).toEqual([20, 20]);
  });

  test("never make more calls at a time together than a limit allows", async () => {
    await both("failover", { limits: { openai: { concurrency: 3 } } });
    const held = w.vendors.hold("openai");
    const asked = askAll(30);
    await eventually(() => expect([held.waiting, w.vendors.hits("anthropic")]).toEqual([3, 27]));
    held.release();
    expect((await asked).filter((outcome) => servedBy(outcome) === "openai")).toHaveLength(3);
    expect(await candidate(other, "openai")).toMatchObject({ busy: 0 });
  });

  test("of five parallel calls that are larger than the cap together, one is admitted", async () => {
    // Each is reckoned with 1,002 tokens.
    await both("failover", { limits: { openai: { tokens_per_minute: 1_100 } } });
    const held = w.vendors.hold("openai");
    const asked = askAll(5);
    await eventually(() => expect([held.waiting, w.vendors.hits("anthropic")]).toEqual([1, 4]));
    held.release();
    await asked;
  });

  test("give the same caller the same provider, and a run the provider that it had", async () => {
    await both("weighted", { affinity: "run" });
    const callers = Array.from({ length: 12 }, (_, i) => `tenant-${i}`);
    const given = (process: RouterProcess) =>
      Promise.all(callers.map(async (caller) => servedBy(await process.ask({ caller }))));
    const first = await given(one);
    expect(await given(other)).toEqual(first);
    expect(new Set(first)).toEqual(new Set(["openai", "anthropic"]));
    const bound = servedBy(await one.ask({}, { affinity: "run-1" }));
    for (let i = 0; i < 8; i++)
      expect(servedBy(await (i % 2 ? one : other).ask({}, { affinity: "run-1" }))).toBe(bound);
  });

  test("a killed process's calls count until their leases end, and no longer", async () => {
    await both("least_busy", { limits: { openai: { concurrency: 4 } } });
    const doomed = await routerProcess(w.redis.url);
    await doomed.start(settings("least_busy", { limits: { openai: { concurrency: 4 } } }));
    const held = w.vendors.hold("openai");
    for (let i = 0; i < 4; i++) void doomed.ask({ provider: "openai" });
    await eventually(() => expect(held.waiting).toBe(4));
    await doomed.kill();
    await eventually(() => expect(held.closed).toBe(4));
    w.vendors.up("openai");
    expect(await candidate(one, "openai")).toMatchObject({ busy: 4, state: "out" });
    expect(servedBy(await other.ask({ provider: "openai" }))).toBe("anthropic");
    await Promise.all([one.advance(31_000), other.advance(31_000)]);
    expect(await candidate(one, "openai")).toMatchObject({ busy: 0, state: "closed" });
    expect(servedBy(await other.ask({ provider: "openai" }))).toBe("openai");
  });

  test("a killed prober's place goes to the next one when its lease has ended", async () => {
    await both("failover");
    w.vendors.fail("openai", 503);
    for (let i = 0; i < 5; i++) await one.ask();
    const doomed = await routerProcess(w.redis.url);
    await doomed.start(settings("failover"));
    for (const process of [one, other, doomed]) await process.advance(6_001);
    const held = w.vendors.hold("openai");
    void doomed.ask();
    await eventually(() => expect(held.waiting).toBe(1));
    await doomed.kill();
    w.vendors.up("openai");
    expect(servedBy(await one.ask())).toBe("anthropic");
    await Promise.all([one.advance(10_001), other.advance(10_001)]);
    expect(servedBy(await other.ask())).toBe("openai");
  });
});

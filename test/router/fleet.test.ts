import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { connect } from "../../src/redis/connection.ts";
import { vendorWires } from "../providers/vendor-wire.ts";
import { json } from "../providers/wire-server.ts";
import { eventually } from "../support/eventually.ts";
import { testRedis } from "../support/redis.ts";
import { type RouterUnderTest, routerUnderTest } from "./router-under-test.ts";
import { wired } from "./wired.ts";

const w = wired();

/** Routers of as many processes, on one Redis. Weighted over openai and anthropic unless the variables say otherwise. */
function fleet(
  size: number,
  env: Readonly<Record<string, string>> = {},
  random?: () => number,
): readonly RouterUnderTest[] {
  const all = { LLM_PROVIDERS: "openai,anthropic", LLM_ROUTING_STRATEGY: "weighted", ...env };
  return Array.from({ length: size }, () => w.start(all, [], random));
}

const failover = { LLM_ROUTING_STRATEGY: "failover" };
const openaiHealth = async () =>
  JSON.parse((await w.redis.redis.get(`${w.prefix}:{router}:health:openai/gpt-4.1-mini`)) ?? "{}");

/** Seeded numbers 0..1. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("a fleet", () => {
  test("sees at its next decision what one process has learned", async () => {
    const [first, second] = fleet(2, failover);
    w.vendors.fail("openai", 503);
    for (let i = 0; i < 5; i++) await first?.ask();
    const outcome = await second?.ask();
    expect(outcome).toMatchObject({ served: { provider: "anthropic" }, calls: [{ provider: "anthropic" }] });
    expect(outcome?.decision?.reason).toBe("failover went on to anthropic; openai is open until 12:00:05");
    expect(w.vendors.hits("openai")).toBe(5);
  });

  test("sends exactly one probe, however many callers wait", async () => {
    const routers = fleet(2, failover);
    w.vendors.fail("openai", 503);
    for (let i = 0; i < 5; i++) await routers[0]?.ask();
    w.clock.advance(5_000);
    const held: ServerResponse[] = [];
    w.vendors.servers.openai.respond((response) => held.push(response));
    const asked = Array.from({ length: 60 }, (_, i) => routers[i % 2]?.ask());
    // All but the prober are answered elsewhere while the probe is still under way.
    await eventually(() => expect(w.vendors.hits("anthropic")).toBe(5 + 59));
    await eventually(() => expect(held).toHaveLength(1));
    expect(w.vendors.hits("openai")).toBe(6);
    const [wire] = vendorWires;
    for (const response of held) json(200, wire?.answer("back"))(response);
    const outcomes = await Promise.all(asked);
    expect(outcomes.every((outcome) => outcome?.type === "answered")).toBe(true);
    expect(await openaiHealth()).toMatchObject({ state: "closed", closedAt: w.clock() });
  });

  test("a probe that fails opens for longer, and costs its caller a fallback only", async () => {
    const [router] = fleet(1, failover);
    w.vendors.fail("openai", 503);
    for (let i = 0; i < 5; i++) await router?.ask();
    w.clock.advance(5_000);
    expect(await router?.ask()).toMatchObject({
      served: { provider: "anthropic" },
      calls: [{ provider: "openai" }, {}],
    });
    expect(await openaiHealth()).toMatchObject({ state: "open", until: w.clock() + 10_000 });
  });

  test("round_robin counts for the fleet, and over the healthy ones", async () => {
    const routers = fleet(2, { LLM_ROUTING_STRATEGY: "round_robin", LLM_PROVIDERS: "openai,anthropic,ollama" });
    w.vendors.fail("ollama", 429, { "retry-after": "60" });
    await routers[0]?.ask({ provider: "ollama" });
    const before = [w.vendors.hits("openai"), w.vendors.hits("anthropic")];
    for (let i = 0; i < 10; i++) await routers[i % 2]?.ask();
    expect([w.vendors.hits("openai"), w.vendors.hits("anthropic")]).toEqual(before.map((hits) => hits + 5));
  });

  test("200 requests survive a provider that begins to refuse; once its breaker is open it is left alone", async () => {
    const routers = fleet(2, {}, numbers(11));
    let begun = 0;
    const outcomes: string[] = [];
    const worker = async (i: number) => {
      while (begun < 200) {
        if (++begun === 60) w.vendors.servers.openai.respond((response) => response.socket?.resetAndDestroy());
        outcomes.push((await routers[i % 2]?.ask())?.type ?? "none");
      }
    };
    await Promise.all(Array.from({ length: 40 }, (_, i) => worker(i)));
    expect(outcomes).toEqual(Array.from({ length: 200 }, () => "answered"));
    expect((await openaiHealth()).state).toBe("open");
    const hits = w.vendors.hits("openai");
    await Promise.all(Array.from({ length: 100 }, (_, i) => routers[i % 2]?.ask()));
    expect(w.vendors.hits("openai")).toBe(hits);
  });

  test("with everybody down for 20 s, 200 requests are deferred and none spends more than one attempt", async () => {
    const routers = fleet(2, {}, numbers(5));
    const names = ["openai", "anthropic"] as const;
    for (const name of names) w.vendors.servers[name].respond((response) => response.socket?.resetAndDestroy());
    const begin = w.clock();
    let isUp = false;
    const waiting = Array.from({ length: 200 }, (_, id) => ({ id, due: begin, attempts: 0 }));
    let answered = 0;
    while (waiting.length > 0) {
      waiting.sort((a, b) => a.due - b.due);
      const first = waiting[0]?.due ?? 0;
      w.clock.advance(Math.max(0, first - w.clock()));
      if (!isUp && w.clock() - begin >= 20_000) {
        isUp = true;
        for (const name of names) w.vendors.up(name);
      }
      const batch = waiting.splice(0, 40);
      await Promise.all(
        batch.map(async (run) => {
          const outcome = await routers[run.id % 2]?.ask();
          if (outcome?.type === "answered") answered++;
          else if (outcome?.type === "unavailable") waiting.push({ ...run, due: w.clock() + outcome.retryAfterMs });
          else waiting.push({ ...run, due: w.clock() + 1_000, attempts: run.attempts + 1 });
        }),
      );
      expect(Math.max(0, ...waiting.map((run) => run.attempts))).toBeLessThanOrEqual(1);
    }
    expect(answered).toBe(200);
  });
});

describe("while Redis is away", () => {
  test("requests are answered on what was last known, breakers work, and the fleet agrees again when it is back", async () => {
    const stopped = await testRedis();
    const connection = connect(stopped.url, "impatient", () => undefined);
    await connection.connect();
    const router = routerUnderTest(
      { ...w.vendors.env, ...failover, LLM_PROVIDERS: "openai,anthropic" },
      { redis: connection, prefix: "away", redisBoundMs: 500 },
    );
    try {
      w.vendors.fail("openai", 429, { "retry-after": "3600" });
      expect((await router.ask()).decision?.degraded).toBeUndefined();
      w.vendors.reset();
      process.kill(stopped.pid, "SIGSTOP");
      const outcome = await router.ask();
      expect(outcome).toMatchObject({ served: { provider: "anthropic" }, decision: { degraded: true } });
      expect(outcome.decision?.reason).toContain("openai is rate limited");
      w.vendors.fail("anthropic", 500);
      await router.ask();
      await router.ask();
      const out = await router.ask();
      expect(out).toMatchObject({ type: "unavailable", calls: [], decision: { degraded: true } });
      process.kill(stopped.pid, "SIGCONT");
      w.vendors.up("anthropic");
      await eventually(async () => {
        const back = await router.ask();
        expect(back.decision?.degraded).toBeUndefined();
      });
    } finally {
      process.kill(stopped.pid, "SIGCONT");
      await router.close();
      connection.disconnect();
      await stopped.close();
    }
  });

  test("a connection that was never made does not matter either", async () => {
    const connection = connect("redis://127.0.0.1:9", "impatient", () => undefined);
    const router = routerUnderTest(
      { ...w.vendors.env, ...failover },
      { redis: connection, prefix: "never", redisBoundMs: 100 },
    );
    expect(await router.ask()).toMatchObject({ type: "answered", decision: { degraded: true } });
    await router.close();
    connection.disconnect();
  });
});

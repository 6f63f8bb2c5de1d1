import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import type { CallRecord } from "../../src/core/call.ts";
import type { Sleep } from "../../src/router/context.ts";
import { eventually } from "../support/eventually.ts";
import type { RouterParts } from "./router-under-test.ts";
import { slowLine } from "./slow-line.ts";
import { openStream } from "./streamed.ts";
import { wired } from "./wired.ts";

const w = wired();

/** A hedging router; its patience is over at once, unless a test gives it another sleep. */
const hedging = (more: RouterParts = {}) =>
  w.start({}, [], undefined, { ...more, routing: { hedge_after: "300ms", ...more.routing } });

/** Ends only when it is told that nobody waits any longer. */
const endless: Sleep = (_ms, signal) =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

const shortly = (calls: readonly CallRecord[]) =>
  calls.map(({ provider, ok, failure, role }) => [provider, ok ? "ok" : failure?.class, role ?? "first"]).sort();

describe("hedging", () => {
  test("a second call goes to the next target when the first gives no token in time; the slow one is closed and estimated", async () => {
    const slow = w.vendors.hold("openai");
    const router = hedging();
    const outcome = await router.ask();
    expect(outcome).toMatchObject({ type: "answered", served: { provider: "anthropic" } });
    expect(shortly(outcome.calls)).toEqual([
      ["anthropic", "ok", "hedge"],
      ["openai", "cancelled", "first"],
    ]);
    await eventually(() => expect(slow.closed).toBe(1));
    const lost = outcome.calls.find(({ provider }) => provider === "openai");
    expect(lost).toMatchObject({ estimated: true, usage: { inputTokens: 2, outputTokens: 0 } });
    expect(lost?.costUsd).toBeGreaterThan(0);
    expect(outcome.calls.find(({ ok }) => ok)?.estimated).toBeUndefined();
    const keyOf = (name: "openai" | "anthropic") => w.vendors.servers[name].requests[0]?.headers["idempotency-key"];
    expect([keyOf("openai"), keyOf("anthropic")]).toEqual(["request-1-1", "request-1-2"]);
  });

  test("being outrun never counts against a target", async () => {
    w.vendors.hold("openai");
    const told: CallRecord[] = [];
    const router = hedging();
    for (let i = 0; i < 8; i++) await router.ask({}, { onCallFailed: (call) => told.push(call) });
    const openai = (await router.router.explain({ hints: {} })).candidates.find((one) => one.provider === "openai");
    expect(openai).toMatchObject({ state: "closed", breaker: { failed: 0, answered: 0 }, busy: 0 });
    expect(w.vendors.hits("openai")).toBe(8);
    expect(told).toEqual([]);
  });

  test("the first one may still win: the second is closed and estimated then", async () => {
    const [first, second] = [w.vendors.hold("openai"), w.vendors.hold("anthropic")];
    const asked = hedging().ask();
    await eventually(() => expect([first.waiting, second.waiting]).toEqual([1, 1]));
    first.release();
    const outcome = await asked;
    expect(outcome).toMatchObject({ type: "answered", served: { provider: "openai" } });
    expect(shortly(outcome.calls)).toEqual([
      ["anthropic", "cancelled", "hedge"],
      ["openai", "ok", "first"],
    ]);
    await eventually(() => expect(second.closed).toBe(1));
    expect(outcome.calls.find(({ role }) => role === "hedge")).toMatchObject({ estimated: true });
  });

  test("a first token ends the other call at once, not the whole answer", async () => {
    const slow = w.vendors.hold("openai");
    let goOn = () => {};
    w.vendors.servers.anthropic.respond((response) => {
      const stream = openStream("anthropic", response);
      stream.piece("Once");
      goOn = () => {
        stream.piece(" more");
        stream.end();
      };
    });
    const asked = hedging().ask();
    await eventually(() => expect(slow.closed).toBe(1));
    goOn();
    expect(await asked).toMatchObject({ type: "answered", answer: { text: "Once more" } });
  });

  test("a second call that was outrun before it was made is none, and gives its place back", async () => {
    const slow = w.vendors.hold("openai");
    const line = await slowLine(w.redis.port);
    const redis = new Redis(line.url);
    try {
      // Taking a place for the second call lasts longer than the first one's answer.
      const sleep = async () => {
        await eventually(() => expect(slow.waiting).toBe(1));
        line.delay(300);
        setTimeout(() => slow.release(), 30);
      };
      const limits = { anthropic: { requests_per_minute: 10, concurrency: 1 } };
      const router = hedging({ redis, sleep, routing: { limits } });
      const outcome = await router.ask();
      expect(shortly(outcome.calls)).toEqual([["openai", "ok", "first"]]);
      expect(w.vendors.hits("anthropic")).toBe(0);
      line.delay(0);
      const { candidates } = await router.router.explain({ hints: {} });
      expect(candidates.find(({ provider }) => provider === "anthropic")).toMatchObject({ busy: 0 });
    } finally {
      redis.disconnect();
      await line.close();
    }
  });

  test("a first token is enough to go on: nobody else is asked while its answer is being written", async () => {
    let goOn = () => {};
    w.vendors.servers.openai.respond((response) => {
      const stream = openStream("openai", response);
      stream.piece("Once");
      goOn = () => {
        stream.piece(" more");
        stream.end();
      };
    });
    let hasBegun = false;
    const asked = hedging({ sleep: endless }).ask({}, { onPiece: () => (hasBegun = true) });
    await eventually(() => expect(hasBegun).toBe(true));
    goOn();
    expect(await asked).toMatchObject({ type: "answered", answer: { text: "Once more" } });
    expect(w.vendors.hits("anthropic")).toBe(0);
  });

  test("a first call that fails in time is followed by the next target as ever", async () => {
    w.vendors.fail("openai", 500);
    const outcome = await hedging({ sleep: endless }).ask();
    expect(outcome).toMatchObject({ type: "answered", served: { provider: "anthropic" } });
    expect(shortly(outcome.calls)).toEqual([
      ["anthropic", "ok", "first"],
      ["openai", "server", "first"],
    ]);
  });

  test("when the second fails the first goes on; when both fail the third is asked", async () => {
    const slow = w.vendors.hold("openai");
    w.vendors.fail("anthropic", 500);
    const router = hedging();
    const asked = router.ask();
    await eventually(() => expect([slow.waiting, w.vendors.hits("anthropic")]).toEqual([1, 1]));
    slow.release();
    expect(await asked).toMatchObject({ type: "answered", served: { provider: "openai" } });

    let refuse = () => {};
    w.vendors.servers.openai.respond((response) => {
      refuse = () => response.writeHead(503).end();
    });
    const again = router.ask();
    await eventually(() => expect([w.vendors.hits("openai"), w.vendors.hits("anthropic")]).toEqual([2, 2]));
    refuse();
    const outcome = await again;
    expect(outcome).toMatchObject({ type: "answered", served: { provider: "ollama" } });
    expect(shortly(outcome.calls)).toEqual([
      ["anthropic", "server", "hedge"],
      ["ollama", "ok", "first"],
      ["openai", "overloaded", "first"],
    ]);
  });

  test("an answer that breaks off after it outran the other is no answer: the request goes on elsewhere", async () => {
    w.vendors.servers.openai.respond((response) => {
      openStream("openai", response).piece("Half an");
      setImmediate(() => response.socket?.resetAndDestroy());
    });
    const outcome = await hedging({ sleep: endless }).ask();
    expect(outcome).toMatchObject({ type: "answered", answer: { text: "anthropic answers" } });
    expect(outcome.calls[0]).toMatchObject({ provider: "openai", ok: false });
    expect(["malformed", "network"]).toContain(outcome.calls[0]?.failure?.class);
  });

  test("a hedge is one of the request's calls: never beyond max_calls", async () => {
    const slow = w.vendors.hold("openai");
    const router = hedging();
    const asked = router.ask({ max_calls: 1 });
    await eventually(() => expect(slow.waiting).toBe(1));
    slow.release();
    expect((await asked).calls).toHaveLength(1);
    expect(w.vendors.hits("anthropic")).toBe(0);

    w.vendors.servers.openai.respond((response) => setTimeout(() => response.writeHead(500).end(), 50));
    w.vendors.fail("anthropic", 500);
    const outcome = await router.ask({ max_calls: 2 });
    expect(outcome).toMatchObject({ type: "failed" });
    expect(outcome.type === "failed" && outcome.error.message).toContain("2 calls are spent");
    expect(w.vendors.hits("ollama")).toBe(0);
  });

  test("a pinned request has nobody to hedge with, and without the setting nobody is", async () => {
    const slept: number[] = [];
    const sleep: Sleep = async (ms) => void slept.push(ms);
    const slow = w.vendors.hold("openai");
    const pinned = hedging({ sleep }).ask({ provider: "openai", strict_provider: true });
    const plain = w.start({}, [], undefined, { sleep }).ask();
    await eventually(() => expect(slow.waiting).toBe(2));
    slow.release();
    expect([(await pinned).calls.length, (await plain).calls.length]).toEqual([1, 1]);
    expect(slept).toEqual([300]);
    expect(w.vendors.hits("anthropic") + w.vendors.hits("ollama")).toBe(0);
  });

  test("what an outrun call had reserved is given back, but for what it has probably read", async () => {
    w.vendors.hold("openai");
    const router = hedging({ routing: { limits: { openai: { tokens_per_minute: 5_000, concurrency: 2 } } } });
    await router.ask();
    const [openai] = (await router.router.explain({ hints: { provider: "openai" } })).candidates;
    expect(openai?.limits).toEqual([
      { name: "openai", limit: "tokensPerMinute", used: 2, allowed: 5_000 },
      { name: "openai", limit: "concurrency", used: 0, allowed: 2 },
    ]);
  });
});

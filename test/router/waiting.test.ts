import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { wired } from "./wired.ts";

const w = wired();
const two = { LLM_PROVIDERS: "openai,anthropic" };
const one = { LLM_PROVIDERS: "openai" };

describe("when nobody may be called", () => {
  test("a request ends at once with the smallest Retry-After; one that waits is answered then", async () => {
    w.vendors.fail("openai", 429, { "retry-after": "20" });
    w.vendors.fail("anthropic", 429, { "retry-after": "8" });
    const router = w.start(two);
    const first = await router.ask();
    expect(first).toMatchObject({ type: "unavailable", retryAfterMs: 8_000, error: { code: "provider_unavailable" } });
    w.vendors.up("anthropic");
    const before = w.clock();
    const outcome = await router.ask({}, { wait: true });
    expect(outcome).toMatchObject({ type: "answered", served: { provider: "anthropic" } });
    expect(w.clock() - before).toBe(8_000);
  });

  test("a request that waits spends its calls on one budget, and keeps them all in its record", async () => {
    w.vendors.fail("openai", 429, { "retry-after": "20" });
    const outcome = await w.start(one).ask({ max_calls: 3 }, { wait: true });
    expect(outcome).toMatchObject({ type: "failed" });
    expect(outcome.type === "failed" && outcome.error.message).toContain("3 calls are spent");
    expect(outcome.calls.map(({ startedAt }) => startedAt - (outcome.calls[0]?.startedAt ?? 0))).toEqual([
      0, 20_000, 40_000,
    ]);
  });

  test("nobody waits beyond the deadline, nor beyond the request's own time", async () => {
    w.vendors.fail("openai", 429, { "retry-after": "20" });
    const router = w.start(one);
    await router.ask();
    const before = w.clock();
    const short = await router.ask({}, { wait: true, deadline: w.clock() + 10_000 });
    expect(short).toMatchObject({ type: "unavailable", retryAfterMs: 20_000, calls: [] });
    const own = await router.ask({ max_seconds: 15 }, { wait: true });
    expect(own).toMatchObject({ type: "unavailable", retryAfterMs: 20_000, calls: [] });
    expect(w.clock()).toBe(before);
  });
});

describe("max_seconds", () => {
  test("begins no call after it", async () => {
    w.vendors.servers.openai.respond((response) => {
      w.clock.advance(3_000);
      response.writeHead(500).end();
    });
    const outcome = await w.start(two).ask({ max_seconds: 2 });
    expect(outcome).toMatchObject({ type: "failed", calls: [{ provider: "openai" }] });
    expect(outcome.type === "failed" && outcome.error.message).toContain("time is over");
    expect(w.vendors.hits("anthropic")).toBe(0);
  });

  test("ends a call under way, which says nothing against its target", async () => {
    const slow = w.vendors.hold("openai");
    const router = w.start(two);
    for (let i = 0; i < 6; i++) {
      const outcome = await router.ask({ max_seconds: 0.05 });
      expect(outcome).toMatchObject({ type: "failed", calls: [{ failure: { class: "timeout" } }] });
    }
    await eventually(() => expect(slow.closed).toBe(6));
    const { candidates } = await router.router.explain({ hints: {} });
    expect(candidates[0]).toMatchObject({ provider: "openai", state: "closed", breaker: { failed: 0 } });
  });

  test("is all of a request's time, with the deadline that was there before", async () => {
    const outcome = await w.start(two).ask({ max_seconds: 3_600 }, { deadline: w.clock() });
    expect(outcome).toMatchObject({ type: "failed", calls: [] });
  });
});

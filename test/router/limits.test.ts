import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Limits, noLimits } from "../../src/config/settings.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { createReachability } from "../../src/router/bounded.ts";
import type { Booked, Fleet } from "../../src/router/fleet.ts";
import { createFleet } from "../../src/router/fleet-store.ts";
import {
  type Ask,
  callsUnderWay,
  fullAt,
  keep,
  type Lease,
  reserve,
  settle,
  type Use,
  unused,
} from "../../src/router/limits.ts";
import { createMemory } from "../../src/router/memory.ts";
import { rules } from "../../src/router/rules.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";

const start = Date.parse("2026-01-01T12:00:00Z");
const limited = (limits: Partial<Limits>): Limits => ({ ...noLimits, ...limits });
const ask = (tokens: number, usd: number | null = null): Ask => ({ tokens, usd });

/** Books calls one after the other at given moments, whether they fit or not. */
function booked(...calls: readonly (readonly [atMs: number, ask: Ask])[]): { use: Use; leases: Lease[] } {
  let use = unused;
  const leases = calls.map(([atMs, asked], i) => {
    const reserved = reserve(use, asked, `call-${i}`, start + atMs, rules);
    use = reserved.use;
    return reserved.lease;
  });
  return { use, leases };
}
const full = (use: Use, limits: Partial<Limits>, asked: Ask, atMs = 0) =>
  fullAt(use, limited(limits), asked, start + atMs, rules);

describe("limits", () => {
  test("nothing is full where there is no limit", () => {
    const { use } = booked(...Array.from({ length: 50 }, () => [0, ask(1_000_000, 1_000)] as const));
    expect(full(use, {}, ask(1_000_000, 1_000))).toBeUndefined();
  });
  test("requests per minute: the next fits when the first has left the window", () => {
    const { use } = booked([0, ask(1)], [30_000, ask(1)]);
    expect(full(use, { requestsPerMinute: 3 }, ask(1), 30_000)).toBeUndefined();
    expect(full(use, { requestsPerMinute: 2 }, ask(1), 30_000)).toEqual({
      limit: "requestsPerMinute",
      until: start + 60_000,
    });
    expect(full(use, { requestsPerMinute: 2 }, ask(1), 59_999)).toBeDefined();
    expect(full(use, { requestsPerMinute: 2 }, ask(1), 60_000)).toBeUndefined();
  });
  test("tokens per minute: says when as much as is needed has left the window", () => {
    const { use } = booked([0, ask(50)], [12_000, ask(40)]);
    expect(full(use, { tokensPerMinute: 100 }, ask(10), 12_000)).toBeUndefined();
    expect(full(use, { tokensPerMinute: 100 }, ask(11), 12_000)).toEqual({
      limit: "tokensPerMinute",
      until: start + 60_000,
    });
    expect(full(use, { tokensPerMinute: 100 }, ask(61), 12_000)?.until).toBe(start + 72_000);
  });
  test("a call that is larger than the whole limit goes when nothing else was used", () => {
    expect(full(unused, { tokensPerMinute: 100 }, ask(175))).toBeUndefined();
    const { use } = booked([0, ask(1)]);
    expect(full(use, { tokensPerMinute: 100 }, ask(175))).toMatchObject({ limit: "tokensPerMinute" });
  });
  test("concurrency: a settled call makes room, and so does one whose process died", () => {
    const { use, leases } = booked([0, ask(1)], [1_000, ask(1)]);
    expect(full(use, { concurrency: 2 }, ask(1), 1_000)).toEqual({
      limit: "concurrency",
      until: start + 1_000 + rules.busyMs,
    });
    const [first] = leases;
    const settled = settle(use, first as Lease, ask(1), start + 2_000, rules);
    expect(full(settled, { concurrency: 2 }, ask(1), 2_000)).toBeUndefined();
    expect(full(use, { concurrency: 2 }, ask(1), rules.leaseMs - 1)).toBeDefined();
    expect(full(use, { concurrency: 2 }, ask(1), rules.leaseMs)).toBeUndefined();
  });
  test("a call that is kept counts on", () => {
    const { use, leases } = booked([0, ask(1)]);
    const kept = keep(use, leases[0] as Lease, start + 20_000, rules);
    expect(callsUnderWay(kept, start + 49_999)).toBe(1);
    expect(callsUnderWay(kept, start + 50_000)).toBe(0);
    expect(callsUnderWay(keep(use, leases[0] as Lease, start + 30_000, rules), start + 30_001)).toBe(0);
  });
  test("USD per day: reset at midnight UTC", () => {
    const { use } = booked([0, ask(1, 0.75)]);
    expect(full(use, { usdPerDay: 1 }, ask(1, 0.25))).toBeUndefined();
    const midnight = Date.parse("2026-01-02T00:00:00Z");
    expect(full(use, { usdPerDay: 1 }, ask(1, 0.26), 20_000)).toEqual({ limit: "usdPerDay", until: midnight });
    expect(full(use, { usdPerDay: 1 }, ask(1, 1), midnight - start)).toBeUndefined();
  });
  test("a call of unknown price costs nothing", () => {
    const { use } = booked([0, ask(1, 1)]);
    expect(full(use, { usdPerDay: 1 }, ask(1, null))).toBeUndefined();
  });
  test("settling corrects what was reserved by what was used, where it was reserved", () => {
    const { use, leases } = booked([0, ask(100, 0.5)]);
    const settled = settle(use, leases[0] as Lease, ask(30, 0.1), start + 20_000, rules);
    expect(settled).toEqual({
      requests: { [start / 6_000]: 1 },
      tokens: { [start / 6_000]: 30 },
      nanoUsd: { [Math.floor(start / 86_400_000)]: 100_000_000 },
      leases: {},
    });
  });
  test("a lease that ended gave back what it had reserved; its late result is booked alone", () => {
    const { use, leases } = booked([0, ask(100, 0.5)]);
    expect(full(use, { tokensPerMinute: 100, usdPerDay: 0.5 }, ask(100, 0.5), rules.leaseMs)).toBeUndefined();
    const settled = settle(use, leases[0] as Lease, ask(30, 0.1), start + 40_000, rules);
    expect(Object.values(settled.tokens)).toEqual([30]);
    expect(Object.values(settled.nanoUsd)).toEqual([100_000_000]);
  });
  test("a clock that goes back leaves nothing below zero", () => {
    const { use, leases } = booked([0, ask(100, 0.5)]);
    const later = reserve(use, ask(10), "later", start + 90_000, rules).use;
    const back = settle(later, leases[0] as Lease, ask(30, 0.1), start + 1_000, rules);
    expect(Object.values(back.tokens).every((tokens) => tokens >= 0)).toBe(true);
    expect(Object.values(back.nanoUsd).every((nano) => nano >= 0)).toBe(true);
  });
  test("others' calls that are known by their number count until they would have been prolonged", () => {
    const use: Use = { ...unused, others: { calls: 3, until: start + 30_000 } };
    expect(full(use, { concurrency: 3 }, ask(1), 29_999)).toMatchObject({ limit: "concurrency" });
    expect(full(use, { concurrency: 3 }, ask(1), 30_000)).toBeUndefined();
    expect(callsUnderWay(reserve(use, ask(1), "a", start, rules).use, start)).toBe(4);
  });
});

/** One thing that happens to a provider's and a key's limits. `call`: which of the calls booked before. */
type Move =
  | { readonly move: "reserve"; readonly ask: Ask; readonly waitMs: number }
  | { readonly move: "settle"; readonly call: number; readonly actual: Ask; readonly waitMs: number }
  | { readonly move: "keep"; readonly call: number; readonly waitMs: number };

// Calls outlive their leases, days end.
const wait = fc.oneof(
  { weight: 6, arbitrary: fc.nat(3_000) },
  { weight: 3, arbitrary: fc.nat(40_000) },
  { weight: 1, arbitrary: fc.nat(50_000_000) },
);
const asked = fc.record({
  tokens: fc.oneof(fc.nat(50), fc.nat(2_000)),
  usd: fc.oneof(fc.constant(null), fc.constantFrom(0, 0.1, 0.25), fc.double({ min: 0, max: 2, noNaN: true })),
});
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ move: fc.constant("reserve" as const), ask: asked, waitMs: wait }) },
  {
    weight: 3,
    arbitrary: fc.record({ move: fc.constant("settle" as const), call: fc.nat(30), actual: asked, waitMs: wait }),
  },
  { weight: 2, arbitrary: fc.record({ move: fc.constant("keep" as const), call: fc.nat(30), waitMs: wait }) },
);
const some = <T>(value: fc.Arbitrary<T>) => fc.oneof(fc.constant(null), value);
const limits: fc.Arbitrary<Limits> = fc.record({
  requestsPerMinute: some(fc.integer({ min: 0, max: 6 })),
  tokensPerMinute: some(fc.integer({ min: 0, max: 2_000 })),
  concurrency: some(fc.integer({ min: 0, max: 5 })),
  usdPerDay: some(fc.constantFrom(0, 0.5, 1, 3)),
});

describe("limits in Redis", () => {
  let server: TestRedis;
  beforeAll(async () => {
    server = await testRedis();
  });
  afterAll(() => server.close());

  test("agree with those in the process, step by step, on any history", async () => {
    let run = 0;
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        limits,
        limits,
        fc.array(move, { minLength: 5, maxLength: 40 }),
        async (most, keyMost, moves) => {
          let now = start;
          const keys = keysOf(`limits${run++}`);
          const fleet = fleetAt(() => now, server, keys);
          const onlooker = fleetAt(() => now, server, keys);
          const twin = twinOf({ openai: most, "openai:k": keyMost });
          const calls: Booked[] = [];
          for (const [i, step] of moves.entries()) {
            now += step.waitMs;
            const call = step.move === "reserve" ? undefined : calls[step.call % Math.max(1, calls.length)];
            if (step.move === "reserve") {
              const booking = {
                provider: "openai",
                keyField: "openai:k",
                limits: { ...most, keys: {} },
                keyLimits: keyMost,
              };
              const got = await fleet.reserve({ ...booking, ask: step.ask, token: `call-${i}` });
              const expected = twin.reserve(step.ask, `call-${i}`, now);
              expect(got.type === "full" ? { name: got.name, ...got.full } : got.booked.lease).toEqual(expected);
              if (got.type === "booked") calls.push(got.booked);
              seen.add(got.type === "full" ? `${got.name} ${got.full.limit}` : "booked");
            } else if (call && step.move === "settle") {
              await settleBy(fleet, call, step.actual);
              twin.settle(call.lease, step.actual, now);
            } else if (call && step.move === "keep") {
              await fleet.keep(call);
              twin.keep(call.lease, now);
            }
            // Another process sees the same, in sums and in number.
            const snapshot = await onlooker.read({ targets: [], count: false, uses: ["openai", "openai:k"] });
            expect(snapshot.degraded).toBe(false);
            for (const name of ["openai", "openai:k"]) {
              expect(counted(snapshot.use(name), now)).toEqual(counted(twin.use(name), now));
            }
          }
        },
      ),
      { numRuns: 200 },
    );
    const each = ["concurrency", "requestsPerMinute", "tokensPerMinute", "usdPerDay"];
    expect([...seen].sort()).toEqual([
      "booked",
      ...each.map((limit) => `openai ${limit}`),
      ...each.map((limit) => `openai:k ${limit}`),
    ]);
  });
});

function fleetAt(clock: () => number, { redis }: TestRedis, keys: ReturnType<typeof keysOf>): Fleet {
  const reachability = createReachability(5_000, clock, (error) => {
    throw error;
  });
  return createFleet({
    redis,
    keys,
    clock,
    random: () => 0.5,
    memory: createMemory(),
    reachability,
    timeSource: "clock",
  });
}

/** Settles a booking as a call's end does. */
async function settleBy(fleet: Fleet, booked: Booked, actual: Ask): Promise<void> {
  const target = { provider: booked.provider, model: "gpt" };
  const outcome = { kind: "neutral", ms: 0, token: "", durationMs: 0, latencyMs: null } as const;
  const report = { ...outcome, target, keyField: booked.keyField, settle: { booked, actual } };
  await fleet.record(report, { targets: [], count: false, uses: [] });
}

/** The rule in the process, over a provider and its key. */
function twinOf(limitsOf: Readonly<Record<string, Limits>>) {
  const uses = new Map<string, Use>();
  const use = (name: string) => uses.get(name) ?? unused;
  const change = (to: (use: Use) => Use) => {
    for (const name of Object.keys(limitsOf)) uses.set(name, to(use(name)));
  };
  return {
    use,
    reserve(asked: Ask, token: string, now: number): object {
      for (const [name, most] of Object.entries(limitsOf)) {
        const found = fullAt(use(name), most, asked, now, rules);
        if (found) return { name, ...found };
      }
      change((before) => reserve(before, asked, token, now, rules).use);
      return reserve(unused, asked, token, now, rules).lease;
    },
    settle: (lease: Lease, actual: Ask, now: number) => change((before) => settle(before, lease, actual, now, rules)),
    keep: (lease: Lease, now: number) => change((before) => keep(before, lease, now, rules)),
  };
}

/** What of a use counts at a moment, its leases as a number. Keeping a lease that nobody holds changes nothing else. */
function counted(use: Use, now: number) {
  const { use: swept } = reserve(use, ask(0), "looks", now, rules);
  const { requests, tokens, nanoUsd } = swept;
  return { requests, tokens: without0(tokens), nanoUsd: without0(nanoUsd), calls: callsUnderWay(swept, now) };
}

function without0(counts: Readonly<Record<string, number>>) {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

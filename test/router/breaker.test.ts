import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keysOf } from "../../src/redis/keys.ts";
import { createReachability } from "../../src/router/bounded.ts";
import { claim, type Health, type Outcome, type OutcomeKind, record, unknownHealth } from "../../src/router/breaker.ts";
import { createFleet } from "../../src/router/fleet-store.ts";
import { foldLatency } from "../../src/router/latency.ts";
import { createMemory } from "../../src/router/memory.ts";
import { rules } from "../../src/router/rules.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";

const start = Date.parse("2026-01-01T00:00:00Z");

/** Folds outcomes in, one after the other at given moments, without jitter (random 0.5). */
function history(
  steps: readonly (readonly [number, OutcomeKind, Partial<Outcome>?])[],
  from: Health = unknownHealth,
): Health {
  return steps.reduce(
    (health, [atMs, kind, more]) =>
      record(health, { kind, ms: 0, token: "", durationMs: 0, ...more }, start + atMs, 0.5, rules),
    from,
  );
}
const failures = (count: number, atMs = 0) => Array.from({ length: count }, () => [atMs, "failed"] as const);

describe("breaker", () => {
  test("stays closed for one failure, and for four", () => {
    expect(history(failures(4)).state).toBe("closed");
  });
  test("opens at the fifth failure for 5 s", () => {
    expect(history(failures(5))).toMatchObject({ state: "open", until: start + 5_000, openMs: 5_000 });
  });
  test("stays closed while half of the calls or more are answered", () => {
    const answered = Array.from({ length: 5 }, () => [0, "ok"] as const);
    expect(history([...answered, ...failures(5)]).state).toBe("closed");
    expect(history([...answered, ...failures(6)]).state).toBe("open");
  });
  test("forgets what is older than a minute", () => {
    expect(history([...failures(4), [66_000, "failed"]]).state).toBe("closed");
    expect(history([...failures(4), [53_000, "failed"]]).state).toBe("open");
  });
  test.each(["limited", "gone", "auth", "neutral"] as const)("never counts %s", (kind) => {
    expect(history(Array.from({ length: 20 }, () => [0, kind] as const)).state).toBe("closed");
  });
  test("late failures of calls begun before it opened neither extend nor shorten its deadline", () => {
    expect(history([...failures(5), ...failures(20, 1_000)]).until).toBe(start + 5_000);
  });
  test("a late success of an ordinary call does not close it", () => {
    expect(history([...failures(5), [9_000, "ok"]]).state).toBe("open");
  });
  test("lets one probe through when its time is over", () => {
    const opened = history(failures(5));
    expect(claim(opened, "a", start + 4_999, rules).claim).toBe("held");
    const claimed = claim(opened, "a", start + 5_000, rules);
    expect(claimed.claim).toBe("claimed");
    expect(claim(claimed.health, "b", start + 5_001, rules).claim).toBe("held");
    expect(claim(claimed.health, "a", start + 8_000, rules).health.probeUntil).toBe(start + 18_000);
  });
  test("lets another probe when the first prober has died", () => {
    const claimed = claim(history(failures(5)), "a", start + 5_000, rules).health;
    expect(claim(claimed, "b", start + 15_000, rules).claim).toBe("claimed");
  });

  const probing = () => claim(history(failures(5)), "a", start + 5_000, rules).health;
  test("the probe's success closes it, its failure opens it for twice as long, up to 5 minutes", () => {
    expect(history([[5_100, "ok", { token: "a" }]], probing())).toMatchObject({
      state: "closed",
      closedAt: start + 5_100,
    });
    let health = history([[5_100, "failed", { token: "a" }]], probing());
    expect(health).toMatchObject({ state: "open", openMs: 10_000, until: start + 15_100 });
    for (let i = 0; i < 10; i++) {
      const at = health.until - start;
      health = history([[at, "failed", { token: "a" }]], claim(health, "a", start + at, rules).health);
    }
    expect(health.openMs).toBe(300_000);
  });
  test("a probe that says nothing about health gives its place to the next", () => {
    const released = history([[5_100, "neutral", { token: "a" }]], probing());
    expect(claim(released, "b", start + 5_100, rules).claim).toBe("claimed");
  });
  test("the result of a probe whose lease went to another counts as an ordinary call", () => {
    const taken = claim(probing(), "b", start + 15_000, rules).health;
    expect(history([[15_100, "ok", { token: "a" }]], taken)).toMatchObject({ state: "half_open", probe: "b" });
  });
  test("failures of calls begun before it closed do not count after it", () => {
    const closed = history([[5_100, "ok", { token: "a" }]], probing());
    const late = Array.from({ length: 9 }, () => [6_000, "failed", { durationMs: 3_000 }] as const);
    expect(history(late, closed)).toMatchObject({ state: "closed", calls: {} });
  });
  test("opening again while ramping up is the same outage, later a new one", () => {
    const closed = history([[5_100, "ok", { token: "a" }]], probing());
    expect(history(failures(5, 20_000), closed).openMs).toBe(10_000);
    expect(history(failures(5, 40_000), closed).openMs).toBe(5_000);
  });
  test("a failed call that names a time counts, and is waited for", () => {
    const asked = history([[0, "failed", { ms: 7_000 }]]);
    expect(asked).toMatchObject({ state: "closed", limitedUntil: start + 7_000 });
    expect(Object.values(asked.calls)).toEqual([1]);
  });
  test("a Retry-After is only ever extended", () => {
    const limited = history([
      [0, "limited", { ms: 9_000 }],
      [1_000, "limited", { ms: 2_000 }],
    ]);
    expect(limited.limitedUntil).toBe(start + 9_000);
  });
});

/** One thing that happens to a breaker. Clocks step back at times. */
type Move =
  | (Outcome & {
      readonly move: "record";
      readonly latencyMs: number | null;
      readonly random: number;
      readonly waitMs: number;
    })
  | { readonly move: "claim"; readonly token: string; readonly waitMs: number };

const kinds: readonly OutcomeKind[] = ["ok", "failed", "limited", "gone", "auth", "neutral"];
const wait = fc.oneof(fc.nat(50), fc.nat(9_000), fc.integer({ min: -30_000, max: 0 }));
const random = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const recording = (
  change: Partial<{ [K in keyof Outcome]: fc.Arbitrary<Outcome[K]> }>,
  waitMs = wait,
): fc.Arbitrary<Move> =>
  fc.record({
    move: fc.constant("record" as const),
    latencyMs: fc.oneof(fc.constant(null), fc.nat(5_000), fc.double({ min: 0, max: 90_000, noNaN: true })),
    kind: fc.constantFrom(...kinds),
    ms: fc.oneof(fc.constant(0), fc.nat(20_000)),
    token: fc.constantFrom("", "a", "b"),
    durationMs: fc.oneof(fc.constant(0), fc.nat(40_000)),
    random,
    waitMs,
    ...change,
  });
const claiming = (waitMs: fc.Arbitrary<number>): fc.Arbitrary<Move> =>
  fc.record({ move: fc.constant("claim" as const), token: fc.constantFrom("a", "b"), waitMs });

/** As many answered calls as failed ones, give or take: around the point at which it opens. */
const burst: fc.Arbitrary<Move[]> = fc
  .tuple(fc.nat(6), fc.integer({ min: 4, max: 7 }))
  .chain(([answered, failures]) => {
    const calls = (["ok", "failed"] as const).flatMap((kind) =>
      Array.from({ length: kind === "ok" ? answered : failures }, () =>
        recording({ kind: fc.constant(kind) }, fc.nat(50)),
      ),
    );
    return fc.tuple(...calls);
  });
const probed: fc.Arbitrary<Move[]> = fc.tuple(
  claiming(fc.nat(20_000)),
  recording({ kind: fc.constantFrom("ok", "failed"), token: fc.constantFrom("a", "b") }),
);
const histories = fc
  .array(fc.oneof(burst, probed, fc.tuple(fc.oneof(recording({}), claiming(wait)))), { minLength: 3, maxLength: 25 })
  .map((parts): Move[] => parts.flat());

describe("breaker in Redis", () => {
  let server: TestRedis;
  beforeAll(async () => {
    server = await testRedis();
  });
  afterAll(() => server.close());

  test("agrees with the one in the process, step by step, on any history", async () => {
    let run = 0;
    const states = new Set<string>();
    await fc.assert(
      fc.asyncProperty(histories, async (steps) => {
        let now = start;
        let random = 0;
        const clock = () => now;
        const keys = keysOf(`agree${run++}`);
        const connect = () =>
          createFleet({
            redis: server.redis,
            keys,
            clock,
            random: () => random,
            memory: createMemory(),
            reachability: createReachability(5_000, clock, (error) => {
              throw error;
            }),
            timeSource: "clock",
          });
        const fleet = connect();
        const target = { provider: "openai", model: "gpt" };
        const question = { targets: [target], count: false, uses: [] };
        let local = unknownHealth;
        for (const step of steps) {
          now += step.waitMs;
          if (step.move === "claim") {
            const expected = claim(local, step.token, now, rules);
            local = expected.health;
            expect(await fleet.claim(target, step.token)).toBe(expected.claim);
          } else {
            random = step.random;
            const { latency } = local;
            local = record(local, step, now, random, rules);
            if (step.latencyMs !== null)
              local = { ...local, latency: foldLatency(latency, step.latencyMs, now, rules) };
            const report = { ...step, target, keyField: "openai:k", settle: null };
            const snapshot = await fleet.record(report, question);
            expect(snapshot.degraded).toBe(false);
            expect(snapshot.health(target)).toEqual(local);
          }
          states.add(local.state);
        }
        // Another process sees the same, apart from the calls that are counted: a read does not bring them.
        const other = await connect().read(question);
        expect({ ...other.health(target), calls: {} }).toEqual({ ...local, calls: {} });
      }),
      { numRuns: 200 },
    );
    expect([...states].sort()).toEqual(["closed", "half_open", "open"]);
  });
});

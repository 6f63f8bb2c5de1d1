import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keysOf } from "../../src/redis/keys.ts";
import { createReachability } from "../../src/router/bounded.ts";
import type { Booking, CallReport, Fleet, FleetQuestion } from "../../src/router/fleet.ts";
import { createFleet } from "../../src/router/fleet-store.ts";
import { createMemory } from "../../src/router/memory.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";

const start = Date.UTC(2026, 10, 22, 12);
const models = ["gpt", "mini"];
const question: FleetQuestion = {
  targets: models.map((model) => ({ provider: "openai", model })),
  count: false,
  uses: ["openai", "openai:k"],
};

let server: TestRedis;
beforeAll(async () => {
  server = await testRedis();
});
afterAll(() => server.close());

function fleetOf(prefix: string, clock: () => number): Fleet {
  return createFleet({
    redis: server.redis,
    keys: keysOf(prefix),
    clock,
    random: () => 0.5,
    memory: createMemory(),
    reachability: createReachability(5_000, clock, (error) => {
      throw error;
    }),
    timeSource: "clock",
  });
}

const bookingOf = (token: string, tokens = 10): Booking => ({
  provider: "openai",
  keyField: "openai:k",
  limits: null,
  keyLimits: null,
  ask: { tokens, usd: 0.25 },
  token,
});

const reportOf = (more: Partial<CallReport>): CallReport => ({
  kind: "ok",
  ms: 0,
  token: "",
  durationMs: 5,
  target: { provider: "openai", model: "gpt" },
  keyField: "openai:k",
  latencyMs: null,
  settle: null,
  ...more,
});

/** One call: when it begins and ends, counted in turns, and what becomes of it. */
const calls = fc.array(
  fc.record({
    begins: fc.nat(4),
    lasts: fc.nat(3),
    kind: fc.constantFrom("ok", "ok", "failed", "failed", "failed", "limited", "auth", "neutral"),
    ms: fc.constantFrom(0, 9_000),
    latencyMs: fc.option(fc.nat(500)),
    model: fc.constantFrom(...models),
    tokens: fc.nat(50),
    bind: fc.option(fc.constantFrom("run_1", "run_2"), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 25 },
);
type Call = typeof calls extends fc.Arbitrary<readonly (infer One)[]> ? One : never;

/** What a fleet has of them in Redis. */
async function stored(prefix: string): Promise<object> {
  const keys = (await server.redis.keys(`${prefix}:*`)).sort();
  const entries = keys.map(async (key) => {
    const type = await server.redis.type(key);
    const name = key.slice(prefix.length);
    if (type === "string") return [name, asJson(await server.redis.get(key))];
    if (type === "zset") return [name, await server.redis.zrange(key, "0", "-1", "WITHSCORES")];
    return [name, type === "set" ? (await server.redis.smembers(key)).sort() : await server.redis.hgetall(key)];
  });
  return Object.fromEntries(await Promise.all(entries));
}

function asJson(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return text;
  }
}

/** Makes them turn by turn: those of one turn side by side, or one after the other. */
async function make(prefix: string, all: readonly Call[], sideBySide: boolean): Promise<object> {
  let now = start;
  const fleet = fleetOf(prefix, () => now);
  await fleet.read(question);
  const begun = new Map<Call, Awaited<ReturnType<Fleet["reserve"]>>>();
  for (let turn = 0; turn < 8; turn++) {
    now += 3_000;
    const begins = all.filter((call) => call.begins === turn);
    const ends = all.filter((call) => call.begins + call.lasts + 1 === turn);
    const works = [
      ...begins.map((call) => async () => {
        begun.set(call, await fleet.reserve(bookingOf(`call-${all.indexOf(call)}`, call.tokens)));
      }),
      ...ends.map((call) => async () => {
        const booked = begun.get(call);
        if (booked?.type !== "booked") throw new Error("was not booked");
        const { kind, ms, latencyMs, model, bind } = call;
        const settle = { booked: booked.booked, actual: { tokens: 7, usd: null } };
        const target = { provider: "openai", model };
        await fleet.record(reportOf({ kind, ms, latencyMs, target, settle, ...(bind ? { bind } : {}) }), question);
      }),
    ];
    if (sideBySide) await Promise.all(works.map((work) => work()));
    else for (const work of works) await work();
  }
  const after = await fleet.read(question);
  return {
    healths: question.targets.map((target) => after.health(target)),
    uses: question.uses.map((name) => after.use(name)),
    stored: await stored(prefix),
  };
}

describe("recording of calls", () => {
  test("calls that begin and end in one turn leave what they would leave one by one", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(calls, async (all) => {
        const together = await make(`together${run}`, all, true);
        const apart = await make(`apart${run++}`, all, false);
        expect(together).toEqual(apart);
      }),
      { numRuns: 60 },
    );
  });

  test("what comes in one turn is one command, and each asker has the answer to its own question", async () => {
    const fleet = fleetOf("one", () => start);
    const record = (asked: FleetQuestion, latencyMs: number) => fleet.record(reportOf({ latencyMs }), asked);
    await Promise.all([fleet.read(question), record(question, 100)]);
    const before = await evals();
    const other = { targets: [], count: false, uses: ["openai"], affinity: "run_1" };
    const [, , first, , second] = await Promise.all([
      fleet.reserve(bookingOf("a")),
      fleet.reserve(bookingOf("b")),
      record(question, 100),
      fleet.record(reportOf({ bind: "run_1" }), question),
      record(other, 100),
    ]);
    expect((await evals()) - before).toBe(1);
    expect(first.health({ provider: "openai", model: "gpt" }).latency?.ms).toBe(100);
    expect(second.bound).toBe("openai");
    expect(second.use("openai").requests).toEqual({ [start / 6_000]: 2 });
  });

  test("reads of one turn are one command, but each that draws a number draws its own", async () => {
    const fleet = fleetOf("reads", () => start);
    await fleet.read(question);
    const before = await evals();
    const draw = { ...question, count: true };
    const [one, same, third, fourth] = await Promise.all([question, { ...question }, draw, draw].map(fleet.read));
    expect((await evals()) - before).toBe(3);
    expect([one === same, third?.counter, fourth?.counter]).toEqual([true, 1, 2]);
  });
});

async function evals(): Promise<number> {
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(await server.redis.info("commandstats"))?.[1] ?? 0);
}

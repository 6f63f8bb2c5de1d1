import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Limits, noLimits } from "../../src/config/settings.ts";
import { connect } from "../../src/redis/connection.ts";
import { type Keys, keysOf } from "../../src/redis/keys.ts";
import { createReachability } from "../../src/router/bounded.ts";
import { unknownHealth } from "../../src/router/breaker.ts";
import type { Booked, Booking, CallReport, Fleet, FleetQuestion, Reserved } from "../../src/router/fleet.ts";
import { createFleet } from "../../src/router/fleet-store.ts";
import { callsUnderWay } from "../../src/router/limits.ts";
import { createMemory } from "../../src/router/memory.ts";
import { resetHealth } from "../../src/router/reset-health.ts";
import { rules } from "../../src/router/rules.ts";
import { eventually } from "../support/eventually.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";
import { virtualClock } from "./router-under-test.ts";
import { standingTimers } from "./standing-timers.ts";

const openai = { provider: "openai", model: "gpt" };
const nothing: FleetQuestion = { targets: [], count: false, uses: [] };
const answered = (more: Partial<CallReport> = {}): CallReport => ({
  kind: "ok",
  ms: 0,
  token: "",
  durationMs: 0,
  target: openai,
  keyField: "openai:k",
  latencyMs: null,
  settle: null,
  ...more,
});
const booking = (limits: Partial<Limits>, more: Partial<Booking> = {}): Booking => ({
  provider: "openai",
  keyField: "openai:k",
  limits: { ...noLimits, ...limits, keys: {} },
  keyLimits: null,
  ask: { tokens: 10, usd: null },
  token: "call",
  ...more,
});
const settling = (booked: Booked, tokens: number, usd: number | null = null) =>
  answered({ settle: { booked, actual: { tokens, usd } } });

let server: TestRedis;
let keys: Keys;
let clock: ReturnType<typeof virtualClock>;
let runs = 0;
const connections: { disconnect(): void }[] = [];

/** A process of the fleet: its own connection and its own memory. */
async function member(time: "redis" | "clock" = "clock", boundMs = 5_000, { url } = server): Promise<Fleet> {
  const redis = connect(url, "impatient", () => undefined);
  connections.push(redis);
  await redis.connect();
  return createFleet({
    redis,
    keys,
    clock: time === "clock" ? clock : Date.now,
    random: () => 0.5,
    memory: createMemory(),
    reachability: createReachability(boundMs, clock, () => undefined),
    timeSource: time,
  });
}
const members = (count: number): Promise<readonly Fleet[]> =>
  Promise.all(Array.from({ length: count }, () => member()));
const admitted = (results: readonly Reserved[]) => results.filter((result) => result.type === "booked").length;
const bookedOf = (result: Reserved | undefined): Booked => {
  if (result?.type !== "booked") throw new Error(`not booked: ${JSON.stringify(result)}`);
  return result.booked;
};
const used = async (fleet: Fleet, name = "openai") => {
  const snapshot = await fleet.read({ ...nothing, uses: [name] });
  const use = snapshot.use(name);
  const sum = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).reduce((all, count) => all + count, 0);
  return {
    requests: sum(use.requests),
    tokens: sum(use.tokens),
    nanoUsd: sum(use.nanoUsd),
    calls: callsUnderWay(use, snapshot.now),
  };
};

beforeAll(async () => {
  server = await testRedis();
  clock = virtualClock();
});
afterEach(() => {
  for (const connection of connections.splice(0)) connection.disconnect();
  keys = keysOf(`fleet${++runs}`);
});
afterAll(() => server.close());
keys = keysOf("fleet0");

describe("bookings of a fleet", () => {
  test("five parallel calls of 175 tokens under a cap of 100 admit one", async () => {
    const fleets = await members(5);
    const ask = { tokens: 175, usd: null };
    const results = await Promise.all(
      fleets.map((fleet, i) => fleet.reserve(booking({ tokensPerMinute: 100 }, { ask, token: `call-${i}` }))),
    );
    expect(admitted(results)).toBe(1);
    expect(results.find((result) => result.type === "full")).toMatchObject({
      name: "openai",
      full: { limit: "tokensPerMinute" },
    });
  });

  test("50 parallel bookings under a concurrency of 10 admit 10; each that is settled makes room for one", async () => {
    const fleets = await members(2);
    const reserve = (i: number) => fleets[i % 2]?.reserve(booking({ concurrency: 10 }, { token: `call-${i}` }));
    const results = (await Promise.all(Array.from({ length: 50 }, (_, i) => reserve(i)))) as Reserved[];
    expect(admitted(results)).toBe(10);
    const first = results.find((result) => result.type === "booked");
    await fleets[1]?.record(settling(bookedOf(first), 10), nothing);
    expect([(await reserve(50))?.type, (await reserve(51))?.type]).toEqual(["booked", "full"]);
  });

  test("a key that is full keeps its provider from being booked", async () => {
    const [fleet] = await members(1);
    const key = booking({}, { keyLimits: { ...noLimits, requestsPerMinute: 1 } });
    expect(await fleet?.reserve(key)).toMatchObject({ type: "booked" });
    expect(await fleet?.reserve({ ...key, token: "second" })).toMatchObject({ type: "full", name: "openai:k" });
    expect(await used(fleet as Fleet)).toMatchObject({ requests: 1, calls: 1 });
  });

  test("without limits calls are counted too, by every process", async () => {
    const [one, other] = (await members(2)) as [Fleet, Fleet];
    const booked = bookedOf(await one.reserve(booking({}, { limits: null })));
    await other.reserve(booking({}, { limits: null, token: "other" }));
    expect(await used(one)).toEqual({ requests: 2, tokens: 20, nanoUsd: 0, calls: 2 });
    expect(await used(other)).toEqual({ requests: 2, tokens: 20, nanoUsd: 0, calls: 2 });
    await one.record(settling(booked, 7, 0.25), nothing);
    expect(await used(other, "openai:k")).toEqual({ requests: 2, tokens: 17, nanoUsd: 250_000_000, calls: 1 });
  });

  test("what a dead process had reserved is given back when its leases end; a living one keeps its own", async () => {
    const [dead, living] = (await members(2)) as [Fleet, Fleet];
    const limits = { tokensPerMinute: 300, usdPerDay: 1, concurrency: 2 };
    const ask = { tokens: 100, usd: 0.4 };
    await dead.reserve(booking(limits, { ask, token: "dead" }));
    const booked = bookedOf(await living.reserve(booking(limits, { ask, token: "living" })));
    expect(await living.reserve(booking(limits, { ask, token: "third" }))).toMatchObject({ type: "full" });
    clock.advance(rules.leaseMs / 3);
    await living.keep(booked);
    clock.advance(rules.leaseMs - rules.leaseMs / 3);
    expect(await used(living)).toEqual({ requests: 2, tokens: 100, nanoUsd: 400_000_000, calls: 1 });
    expect(await living.reserve(booking(limits, { ask, token: "third" }))).toMatchObject({ type: "booked" });
  });

  test("a day's USD are open again at midnight UTC", async () => {
    const [fleet] = (await members(1)) as [Fleet];
    const spend = (usd: number) =>
      fleet.reserve(booking({ usdPerDay: 1 }, { ask: { tokens: 1, usd }, token: "spend" }));
    await fleet.record(settling(bookedOf(await spend(0.5)), 1, 0.9), nothing);
    const full = await spend(0.2);
    const midnight = (Math.floor(clock() / 86_400_000) + 1) * 86_400_000;
    expect(full).toMatchObject({ type: "full", full: { limit: "usdPerDay", until: midnight } });
    clock.advance(midnight - 1 - clock());
    expect(await spend(0.2)).toMatchObject({ type: "full" });
    clock.advance(1);
    expect(await spend(1)).toMatchObject({ type: "booked" });
  });

  test("a booking that Redis does not know is settled by what was used", async () => {
    const [fleet] = (await members(1)) as [Fleet];
    const lease = {
      token: "away",
      tokens: 500,
      usd: 1,
      bucket: Math.floor(clock() / rules.bucketMs),
      day: Math.floor(clock() / 86_400_000),
    };
    await fleet.record(settling({ provider: "openai", keyField: "openai:k", lease }, 40, 0.1), nothing);
    expect(await used(fleet)).toEqual({ requests: 0, tokens: 40, nanoUsd: 100_000_000, calls: 0 });
  });
});

describe("what a fleet shares besides", () => {
  test("a number that is drawn is drawn once; nobody draws without asking", async () => {
    const [one, other] = (await members(2)) as [Fleet, Fleet];
    const draw = { ...nothing, count: true };
    const drawn = [await one.read(draw), await other.read(draw), await one.read(nothing), await one.read(draw)];
    expect(drawn.map((snapshot) => snapshot.counter)).toEqual([1, 2, 0, 3]);
  });

  test("what is not asked for leaves nothing in Redis", async () => {
    const [fleet] = (await members(1)) as [Fleet];
    await fleet.read({ ...nothing, targets: [openai], uses: ["openai"], affinity: "run_1" });
    expect(await server.redis.keys(`${keys.router("")}*`)).toEqual([]);
  });

  test("a run is bound to the provider that answered, for a day", async () => {
    const [one, other] = (await members(2)) as [Fleet, Fleet];
    expect((await one.read({ ...nothing, affinity: "run_1" })).bound).toBeNull();
    await one.record(answered({ bind: "run_1" }), nothing);
    expect((await other.read({ ...nothing, affinity: "run_1" })).bound).toBe("openai");
    expect((await other.read({ ...nothing, affinity: "run_2" })).bound).toBeNull();
    expect(await server.redis.ttl(keys.router("bound:run_1"))).toBeGreaterThan(86_000);
  });

  test("routing set at run time is seen at the next look, and so is its end", async () => {
    const [fleet] = (await members(1)) as [Fleet];
    const routing = keys.router("routing");
    const look = async () => (await fleet.read(nothing)).routing;
    expect(await look()).toEqual({ version: 0, overrides: "" });
    await server.redis.hset(routing, { version: 1, overrides: '{"strategy":"failover"}' });
    expect(await look()).toEqual({ version: 1, overrides: '{"strategy":"failover"}' });
    // The text comes once: as long as the version stays, it is the one that the process knows.
    await server.redis.hset(routing, { overrides: "changed behind its version" });
    expect(await look()).toEqual({ version: 1, overrides: '{"strategy":"failover"}' });
    await server.redis.hset(routing, { version: 2, overrides: "{}" });
    const recorded = await fleet.record(answered(), nothing);
    expect(recorded.routing).toEqual({ version: 2, overrides: "{}" });
    await server.redis.del(routing);
    expect(await look()).toEqual({ version: 0, overrides: "" });
  });

  test("latencies are averaged over the fleet's answered calls", async () => {
    const [one, other] = (await members(2)) as [Fleet, Fleet];
    await one.record(answered({ latencyMs: 1_000 }), nothing);
    await other.record(answered({ latencyMs: 500 }), nothing);
    await one.record(answered({ kind: "failed" }), nothing);
    const { latency } = (await one.read({ ...nothing, targets: [openai] })).health(openai);
    expect(latency).toEqual({ ms: 900, at: clock() });
  });

  test("a refused key is out for every process, and never for less than was said before", async () => {
    const [one, other] = (await members(2)) as [Fleet, Fleet];
    await one.record(answered({ kind: "auth", ms: 9_000 }), nothing);
    await one.record(answered({ kind: "auth", ms: 1_000 }), nothing);
    const snapshot = await other.read(nothing);
    expect(snapshot.keyOutUntil("openai:k")).toBe(clock() + 9_000);
    expect(snapshot.keyOutUntil("openai:other")).toBe(0);
  });

  test("a reset forgets the health of one provider's targets and keys, and nothing else", async () => {
    const [one, other] = (await members(2)) as [Fleet, Fleet];
    const mini = { provider: "openai", model: "gpt/mini" };
    const twin = { provider: "openai-2", model: "gpt" };
    const question = { ...nothing, targets: [openai, mini, twin], uses: ["openai"] };
    const booked = await one.reserve(booking({}));
    for (const target of question.targets) {
      await one.record(answered({ target, kind: "limited", ms: 60_000 }), nothing);
      await one.record(answered({ target, keyField: `${target.provider}:k`, kind: "auth", ms: 60_000 }), nothing);
    }
    for (let i = 0; i < 5; i++) await one.record(answered({ kind: "failed" }), question);
    const before = await other.read(question);
    expect(before.health(openai).state).toBe("open");
    expect(await resetHealth(server.redis, keys, "openai")).toBe(2);
    for (const fleet of [one, other]) {
      const after = await fleet.read(question);
      expect([after.health(openai), after.health(mini)]).toEqual([unknownHealth, unknownHealth]);
      expect(after.keyOutUntil("openai:k")).toBe(0);
      expect(after.health(twin).limitedUntil).toBe(clock() + 60_000);
      expect(after.keyOutUntil("openai-2:k")).toBe(clock() + 60_000);
    }
    expect(bookedOf(booked)).toBeDefined();
    expect(await used(other)).toMatchObject({ requests: 1, calls: 1 });
    expect(await server.redis.smembers(keys.router("targets"))).toEqual(["openai-2/gpt"]);
    expect(await resetHealth(server.redis, keys, "openai")).toBe(0);
  });

  test("targets whose health has gone away are known no longer once there are many", async () => {
    const [fleet] = (await members(1)) as [Fleet];
    const targets = keys.router("targets");
    await fleet.record(answered(), nothing);
    await server.redis.sadd(targets, ...Array.from({ length: 1_000 }, (_, i) => `openai/named-once-${i}`));
    await fleet.record(answered({ target: { provider: "ollama", model: "llama" } }), nothing);
    expect((await server.redis.smembers(targets)).sort()).toEqual(["ollama/llama", "openai/gpt"]);
  });

  test("50 targets are looked at in one command", async () => {
    const [fleet] = (await members(1)) as [Fleet];
    const targets = Array.from({ length: 50 }, (_, i) => ({ provider: `p${i}`, model: "m" }));
    for (const target of targets) await fleet.record(answered({ target, latencyMs: 5 }), nothing);
    const evals = async () =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await server.redis.info("commandstats"))?.[1] ?? 0);
    // The first time on a connection the script's text goes along.
    await fleet.read(nothing);
    const before = await evals();
    const snapshot = await fleet.read({ targets, count: true, uses: ["p1", "p1:k"], affinity: "run_1" });
    expect((await evals()) - before).toBe(1);
    expect(targets.map((target) => snapshot.health(target).latency?.ms)).toEqual(targets.map(() => 5));
  });
});

describe("while Redis is stopped", () => {
  const boundMs = 100;

  test("every question is answered by the process's own memory, and the fleet agrees when Redis is back", async () => {
    const stopped = await testRedis();
    try {
      const one = await member("redis", boundMs, stopped);
      const other = await member("redis", boundMs, stopped);
      const question = { targets: [openai], count: false, uses: ["openai"] };
      for (const fleet of [one, other])
        await eventually(async () => expect((await fleet.read(question)).degraded).toBe(false));
      const limits = { concurrency: 3 };
      const before = bookedOf(await one.reserve(booking(limits, { token: "before" })));
      await other.reserve(booking(limits, { token: "other" }));
      await one.record(answered({ kind: "failed", bind: "run_1" }), question);

      process.kill(stopped.pid, "SIGSTOP");
      // One wait, and none after it: no timer ends any more.
      const timers = standingTimers();
      const snapshot = await timers.afterOneWait(() => one.read(question), boundMs);
      expect(snapshot.degraded).toBe(true);
      expect(Object.values(snapshot.health(openai).calls)).toEqual([1]);
      expect(callsUnderWay(snapshot.use("openai"), snapshot.now)).toBe(2);
      // One more fits into the fleet's limit as it was last seen, a second one does not.
      const away = bookedOf(await one.reserve(booking(limits, { token: "away" })));
      expect(await one.reserve(booking(limits, { token: "too many" }))).toMatchObject({
        type: "full",
        full: { limit: "concurrency" },
      });
      await one.keep(away);
      expect(await one.claim(openai, "probe")).toBe("closed");
      await one.record({ ...settling(before, 33), kind: "failed" }, question);
      for (let i = 0; i < 3; i++) await one.record(answered({ kind: "failed" }), question);
      const recorded = await one.record(settling(away, 44), question);
      expect(recorded.health(openai).state).toBe("open");
      expect((await one.read({ ...nothing, affinity: "run_1" })).bound).toBe("openai");
      expect(callsUnderWay(recorded.use("openai"), recorded.now)).toBe(1);

      timers.goOn();
      clock.advance(1_000);
      process.kill(stopped.pid, "SIGCONT");
      // What was recorded meanwhile arrives: both see the same outage, and what the settled calls used.
      await eventually(async () => {
        for (const fleet of [one, other]) {
          const back = await fleet.read(question);
          expect(back.degraded).toBe(false);
          expect(back.health(openai).state).toBe("open");
        }
        expect(await used(other)).toMatchObject({ tokens: 10 + 33 + 44, calls: 1 });
      });
    } finally {
      process.kill(stopped.pid, "SIGCONT");
      await stopped.close();
    }
  });
});

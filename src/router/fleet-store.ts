import type { Redis } from "ioredis";
import type { Keys } from "../redis/keys.ts";
import { loadScript, type Script } from "../redis/script.ts";
import { bounded, type Reachability } from "./bounded.ts";
import { type Claim, claim, record } from "./breaker.ts";
import type { Booked, Booking, CallReport, Fleet, FleetQuestion, Reserved, Snapshot } from "./fleet.ts";
import { fullAt, keep, reserve, settle } from "./limits.ts";
import type { Memory } from "./memory.ts";
import { rules } from "./rules.ts";
import { parseSnapshot } from "./snapshot.ts";
import { type Target, targetId } from "./target.ts";

/** What a store needs. */
export interface FleetOptions {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly clock: () => number;
  readonly random: () => number;
  readonly memory: Memory;
  readonly reachability: Reachability;
  /** `clock`: the caller's clock in place of Redis's. For tests. */
  readonly timeSource: "redis" | "clock";
}

const script = (name: string): Script => loadScript(name, new URL(`./lua/${name}.lua`, import.meta.url));
const scripts = { read: script("read"), record: script("record"), claim: script("claim") };

/** Opens the store. Opens no connection of its own. */
export function createFleet(options: FleetOptions): Fleet {
  const { redis, keys, clock, random, memory, reachability } = options;
  const time = () => (options.timeSource === "redis" ? 0 : clock());
  const keyring = keys.router("keys");
  const keyOf = (target: Target) => keys.router(`health:${targetId(target)}`);
  // How far Redis's clock is ahead of ours, so that deadlines stay true while it is away.
  let aheadMs = 0;

  const remembered = (question: FleetQuestion, now: number, degraded: boolean): Snapshot => ({
    now,
    counter: question.count ? memory.count() : 0,
    degraded,
    routing: memory.routing,
    bound: question.affinity === undefined ? null : memory.bound(question.affinity),
    health: (target) => memory.health(targetId(target)),
    keyOutUntil: (field) => memory.keyOutUntil(field),
    use: (name) => memory.use(name),
  });

  const learn = (answer: unknown, question: FleetQuestion): Snapshot => {
    const { targets } = question;
    const { now, counter, keysOut, health } = parseSnapshot(answer);
    aheadMs = now - clock();
    memory.setKeyring(keysOut);
    targets.forEach((target, i) => {
      const found = health[i];
      if (found) memory.setHealth(targetId(target), found);
    });
    return { ...remembered({ ...question, count: false }, now, false), counter };
  };

  const settled = ({ provider, keyField, lease }: Booked, actual: Parameters<typeof settle>[2], now: number) => {
    for (const name of [provider, keyField]) memory.setUse(name, settle(memory.use(name), lease, actual, now, rules));
  };

  return {
    async read(question) {
      const { targets, count } = question;
      const answer = await bounded(reachability, () =>
        scripts.read.run(redis, [keyring, keys.router("counter"), ...targets.map(keyOf)], [time(), count ? "1" : "0"]),
      );
      if (answer.type === "answered") return learn(answer.value, question);
      return remembered(question, clock() + aheadMs, true);
    },
    async reserve(booking: Booking): Promise<Reserved> {
      const now = clock() + aheadMs;
      const { provider, keyField, limits, keyLimits, ask, token } = booking;
      const wanted = [
        [provider, limits],
        [keyField, keyLimits],
      ] as const;
      for (const [name, most] of wanted) {
        const full = most && fullAt(memory.use(name), most, ask, now, rules);
        if (full) return { type: "full", name, full };
      }
      const booked = wanted.map(([name]) => {
        const { use, lease } = reserve(memory.use(name), ask, token, now, rules);
        memory.setUse(name, use);
        return lease;
      });
      const [lease] = booked;
      if (!lease) throw new Error("unreachable");
      return { type: "booked", booked: { provider, keyField, lease } };
    },
    async record(report: CallReport, question) {
      const { target, kind, ms, token, keyField, durationMs } = report;
      const draw = random();
      const send = () =>
        scripts.record.run(
          redis,
          [keyring, keyOf(target), ...question.targets.map(keyOf)],
          [time(), draw, JSON.stringify(rules), kind, Math.ceil(ms), token, keyField, durationMs],
        );
      const answer = await bounded(reachability, send, "always");
      const now = clock() + aheadMs;
      if (report.settle) settled(report.settle.booked, report.settle.actual, now);
      if (report.bind !== undefined) memory.setBound(report.bind, target.provider);
      if (answer.type === "answered") return learn(answer.value, question);
      memory.setHealth(targetId(target), record(memory.health(targetId(target)), report, now, draw, rules));
      if (kind === "auth") memory.setKeyOutUntil(keyField, Math.max(memory.keyOutUntil(keyField), now + ms));
      return remembered(question, now, true);
    },
    async claim(target, token) {
      const answer = await bounded(reachability, () =>
        scripts.claim.run(redis, [keyOf(target)], [time(), token, rules.probeLeaseMs]),
      );
      if (answer.type === "answered") return answer.value as Claim;
      const id = targetId(target);
      const local = claim(memory.health(id), token, clock() + aheadMs, rules);
      memory.setHealth(id, local.health);
      return local.claim;
    },
    async keep({ provider, keyField, lease }) {
      const now = clock() + aheadMs;
      for (const name of [provider, keyField]) memory.setUse(name, keep(memory.use(name), lease, now, rules));
    },
  };
}

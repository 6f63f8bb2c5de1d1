import type { Redis } from "ioredis";
import type { Keys } from "../redis/keys.ts";
import { loadScript, type Script } from "../redis/script.ts";
import { bounded, type Reachability } from "./bounded.ts";
import { type Claim, claim, type Health, type Outcome, record } from "./breaker.ts";
import type { Memory } from "./memory.ts";
import { rules } from "./rules.ts";
import { parseSnapshot } from "./snapshot.ts";
import { type Target, targetId } from "./target.ts";

/** What is known at one moment. */
export interface Snapshot {
  /** Epoch milliseconds, by Redis's clock. */
  readonly now: number;
  /** The fleet's next round-robin number; 0 where it was not asked for. */
  readonly counter: number;
  /** True: Redis did not answer; this is what the process last knew. */
  readonly degraded: boolean;
  health(target: Target): Health;
  /** Epoch milliseconds until which a key is out; 0: it may be used. */
  keyOutUntil(keyField: string): number;
}

/** A call's outcome with its target and key. */
export interface CallReport extends Outcome {
  readonly target: Target;
  /** The key's field in the keyring. */
  readonly keyField: string;
}

/** The fleet's health in Redis, with the process's own memory behind it. Never throws, never waits longer than the bound. */
export interface HealthStore {
  read(targets: readonly Target[], count: boolean): Promise<Snapshot>;
  /** Folds a call's outcome in. @returns what is known of all targets after it */
  record(report: CallReport, targets: readonly Target[]): Promise<Snapshot>;
  /** Takes or renews a target's probe. */
  claim(target: Target, token: string): Promise<Claim>;
}

/** What a store needs. */
export interface HealthStoreOptions {
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
export function createHealthStore(options: HealthStoreOptions): HealthStore {
  const { redis, keys, clock, random, memory, reachability } = options;
  const time = () => (options.timeSource === "redis" ? 0 : clock());
  const keyring = keys.router("keys");
  const keyOf = (target: Target) => keys.router(`health:${targetId(target)}`);
  // How far Redis's clock is ahead of ours, so that deadlines stay true while it is away.
  let aheadMs = 0;

  const remembered = (now: number, counter: number, degraded: boolean): Snapshot => ({
    now,
    counter,
    degraded,
    health: (target) => memory.health(targetId(target)),
    keyOutUntil: (field) => memory.keyOutUntil(field),
  });

  const learn = (answer: unknown, targets: readonly Target[]): Snapshot => {
    const { now, counter, keysOut, health } = parseSnapshot(answer);
    aheadMs = now - clock();
    memory.setKeyring(keysOut);
    targets.forEach((target, i) => {
      const found = health[i];
      if (found) memory.setHealth(targetId(target), found);
    });
    const known = new Map(targets.map((target, i) => [targetId(target), health[i]]));
    return {
      now,
      counter,
      degraded: false,
      health: (target) => known.get(targetId(target)) ?? memory.health(targetId(target)),
      keyOutUntil: (field) => keysOut.get(field) ?? 0,
    };
  };

  return {
    async read(targets, count) {
      const answer = await bounded(reachability, () =>
        scripts.read.run(redis, [keyring, keys.router("counter"), ...targets.map(keyOf)], [time(), count ? "1" : "0"]),
      );
      if (answer.type === "answered") return learn(answer.value, targets);
      return remembered(clock() + aheadMs, count ? memory.count() : 0, true);
    },
    async record(report, targets) {
      const { target, kind, ms, token, keyField, durationMs } = report;
      const draw = random();
      const send = () =>
        scripts.record.run(
          redis,
          [keyring, keyOf(target), ...targets.map(keyOf)],
          [time(), draw, JSON.stringify(rules), kind, Math.ceil(ms), token, keyField, durationMs],
        );
      const answer = await bounded(reachability, send, "always");
      if (answer.type === "answered") return learn(answer.value, targets);
      const now = clock() + aheadMs;
      memory.setHealth(targetId(target), record(memory.health(targetId(target)), report, now, draw, rules));
      if (kind === "auth") memory.setKeyOutUntil(keyField, Math.max(memory.keyOutUntil(keyField), now + ms));
      return remembered(now, 0, true);
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
  };
}

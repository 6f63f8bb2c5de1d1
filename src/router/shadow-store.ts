import type { Redis } from "ioredis";
import type { ShadowSummary, SideBySide } from "../core/routing.ts";
import type { Keys } from "../redis/keys.ts";
import { type Target, targetId } from "./target.ts";

/** One mirrored request beside the one that was answered. */
export interface Comparison {
  readonly shadow: Target;
  /** Who answered the request. */
  readonly answered: Target;
  readonly ok: boolean;
  readonly durationMs: SideBySide;
  /** USD; null: unknown. */
  readonly costUsd: { readonly shadow: number | null; readonly answered: number | null };
  /** Characters of the answers. */
  readonly length: SideBySide;
}

/** Where comparisons are kept, for the whole fleet. */
export interface ShadowStore {
  /** Adds one. Never throws: a lost comparison is no loss to anybody's request. */
  add(comparison: Comparison): Promise<void>;
  list(): Promise<readonly ShadowSummary[]>;
}

const nano = 1e9;

/** Opens the store on a connection that stays the caller's. */
export function createShadowStore(redis: Redis, keys: Keys): ShadowStore {
  const index = keys.router("shadows");
  const keyOf = (pair: string) => keys.router(`shadow:${pair}`);
  return {
    async add({ shadow, answered, ok, durationMs, costUsd, length }) {
      const pair = `${targetId(shadow)} ${targetId(answered)}`;
      const multi = redis
        .multi()
        .sadd(index, pair)
        .hincrby(keyOf(pair), ok ? "ok" : "failed", 1);
      const sum = (field: string, values: SideBySide) =>
        multi
          .hincrby(keyOf(pair), `${field}:shadow`, Math.round(values.shadow))
          .hincrby(keyOf(pair), `${field}:answered`, Math.round(values.answered));
      if (ok) {
        sum("ms", durationMs);
        sum("length", length);
        if (costUsd.shadow !== null && costUsd.answered !== null) {
          multi.hincrby(keyOf(pair), "priced", 1);
          sum("nano", { shadow: costUsd.shadow * nano, answered: costUsd.answered * nano });
        }
      }
      await multi.exec().catch(() => undefined);
    },
    async list() {
      const pairs = (await redis.smembers(index)).sort();
      return Promise.all(pairs.map(async (pair) => summary(pair, await redis.hgetall(keyOf(pair)))));
    },
  };
}

function summary(pair: string, fields: Readonly<Record<string, string>>): ShadowSummary {
  const [shadow = "", answered = ""] = pair.split(" ");
  const number = (name: string) => Number(fields[name] ?? 0);
  const [ok, failed, priced] = [number("ok"), number("failed"), number("priced")];
  const mean = (field: string, over: number): SideBySide | null =>
    over === 0 ? null : { shadow: number(`${field}:shadow`) / over, answered: number(`${field}:answered`) / over };
  const cost = mean("nano", priced);
  return {
    shadow,
    answered,
    requests: ok + failed,
    failed,
    durationMs: mean("ms", ok),
    costUsd: cost && { shadow: cost.shadow / nano, answered: cost.answered / nano },
    length: mean("length", ok),
  };
}

import type { Redis } from "ioredis";
import type { BudgetPeriod } from "../core/budget.ts";
import type { CallRecord } from "../core/call.ts";
import { defaultTenant } from "../core/tenant.ts";
import type { Keys } from "../redis/keys.ts";
import { nano } from "./limits.ts";
import type { Payer } from "./payer.ts";
import type { Tally, TallyHash } from "./tally.ts";

/** A sum that a budget is compared with: of a period, what was spent by `tenant:acme`, `workflow:report`, `provider:openai`, or by the `fleet`. */
export interface SpentSum {
  readonly period: BudgetPeriod;
  readonly by: string;
}

/** What the fleet's calls have cost in the current day and month, by who paid, for what, and to whom. Kept whether there are budgets or not, so that a new one knows. */
export interface SpentStore {
  add(call: CallRecord, payer: Payer): void;
  /** USD of each sum: at most a second old, with all that this process has spent since. Waits only where it has none so young, and not for a Redis that is away. */
  look(sums: readonly SpentSum[]): Promise<readonly number[]>;
  /** Every sum of a period, read now. */
  all(period: BudgetPeriod): Promise<ReadonlyMap<string, number>>;
}

/** Sums are read again when they are older. */
const freshMs = 500;
/** Sums that are older are waited for. */
const staleMs = 1_000;
/** A month and some days, so that the last one can be looked at. */
const keptSeconds = 40 * 86_400;
/** Sums that one process remembers. */
const mostKnown = 10_000;

interface Known {
  readonly nano: number;
  /** Of the process's clock. */
  readonly at: number;
}

/** What the store stands on. */
export interface SpentOptions {
  /** An impatient connection. */
  readonly redis: Redis;
  readonly keys: Keys;
  /** Takes what is added; its owner closes it. */
  readonly tally: Tally;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

/** Opens nothing. */
export function createSpentStore({ redis, keys, tally, clock }: SpentOptions): SpentStore {
  const known = new Map<string, Known>();
  const asked = new Map<string, Promise<void>>();
  const hashOf = (period: BudgetPeriod): TallyHash => ({
    key: keys.router(`spent:${periodName(period, clock())}`),
    keptSeconds,
  });
  const nameOf = ({ key }: TallyHash, by: string) => `${key}|${by}`;

  const read = async (hash: TallyHash, by: string) => {
    const name = nameOf(hash, by);
    const text = await redis.hget(hash.key, by);
    if (known.size >= mostKnown) known.clear();
    known.set(name, { nano: Number(text ?? 0) + tally.waiting(hash, by), at: clock() });
  };
  const refresh = (hash: TallyHash, by: string): Promise<void> => {
    const name = nameOf(hash, by);
    const reading =
      asked.get(name) ??
      read(hash, by)
        // Away: what was known counts on, and the next request asks again.
        .catch(() => known.set(name, { nano: known.get(name)?.nano ?? tally.waiting(hash, by), at: clock() }))
        .then(() => void asked.delete(name));
    asked.set(name, reading);
    return reading;
  };
  return {
    add(call, payer) {
      const more = nano(call.costUsd);
      if (more === 0) return;
      for (const hash of [hashOf("day"), hashOf("month")]) {
        for (const by of sumsOf(call.provider, payer)) {
          tally.note(hash, by, more);
          const name = nameOf(hash, by);
          const before = known.get(name);
          if (before) known.set(name, { ...before, nano: before.nano + more });
        }
      }
    },
    async look(sums) {
      const now = clock();
      const wanted = sums.map(({ period, by }) => ({ hash: hashOf(period), by }));
      const needed = wanted.flatMap(({ hash, by }) => {
        const found = known.get(nameOf(hash, by));
        const ageMs = found ? now - found.at : Number.POSITIVE_INFINITY;
        if (ageMs < freshMs) return [];
        const reading = refresh(hash, by);
        return ageMs < staleMs ? [] : [reading];
      });
      if (needed.length > 0) await Promise.all(needed);
      return wanted.map(({ hash, by }) => (known.get(nameOf(hash, by))?.nano ?? 0) / 1e9);
    },
    async all(period) {
      const sums = await redis.hgetall(hashOf(period).key);
      return new Map(Object.entries(sums).map(([by, text]) => [by, Number(text) / 1e9]));
    },
  };
}

/** The sums that a call belongs to. */
function sumsOf(provider: string, { tenant = defaultTenant, workflow }: Payer): readonly string[] {
  const ofWorkflow = workflow ? [`workflow:${workflow}`] : [];
  return ["fleet", `tenant:${tenant}`, `provider:${provider}`, ...ofWorkflow];
}

/** `2026-11-22` or `2026-11`, by UTC. */
function periodName(period: BudgetPeriod, at: number): string {
  return new Date(at).toISOString().slice(0, period === "day" ? 10 : 7);
}

/** When the period of a moment ends, by UTC. @returns epoch milliseconds */
export function periodEnd(period: BudgetPeriod, at: number): number {
  const date = new Date(at);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  return period === "day" ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1, 1);
}

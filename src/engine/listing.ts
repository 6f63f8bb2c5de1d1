import type { Redis } from "ioredis";
import type { Keys } from "../redis/keys.ts";

/** Which runs are listed. */
export interface Listed {
  /** The runs that steps of this one have started. */
  readonly parent?: string;
  /** Those too that steps have started. Default: they are left out. */
  readonly all?: boolean;
}

/** Run ids, newest first. */
export interface Listing {
  /** @param start how many come before @returns fewer than `count`: the list ends with them */
  page(start: number, count: number): Promise<readonly string[]>;
  /** How many come before a run; null: it is not in the list. */
  rankOf(runId: string): Promise<number | null>;
}

/** Opens a list of runs. */
export async function listingOf(redis: Redis, keys: Keys, { parent, all = false }: Listed): Promise<Listing> {
  if (parent !== undefined) return sorted(await childrenOf(redis, keys, parent));
  const key = all ? keys.runs : keys.ownRuns;
  return {
    page: (start, count) => redis.zrevrange(key, start, start + count - 1),
    rankOf: (runId) => redis.zrevrank(key, runId),
  };
}

async function childrenOf(redis: Redis, keys: Keys, parent: string): Promise<readonly string[]> {
  const ids = await redis.hkeys(keys.run(parent).children);
  if (ids.length === 0) return [];
  const created = await redis.zmscore(keys.runs, ...ids);
  const times = new Map(ids.map((id, i) => [id, Number(created[i] ?? 0)]));
  const timeOf = (id: string) => times.get(id) ?? 0;
  return ids.toSorted((a, b) => timeOf(b) - timeOf(a) || (a < b ? 1 : -1));
}

function sorted(ids: readonly string[]): Listing {
  return {
    page: async (start, count) => ids.slice(start, start + count),
    rankOf: async (runId) => (ids.includes(runId) ? ids.indexOf(runId) : null),
  };
}

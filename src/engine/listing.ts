import type { Redis } from "ioredis";
import { isTerminal, type RunStatus } from "../core/run.ts";
import type { Keys } from "../redis/keys.ts";

/** Which runs are listed. */
export interface Listed {
  /** The runs that steps of this one have started. */
  readonly parent?: string;
  /** Those too that steps have started. Default: they are left out. */
  readonly all?: boolean;
  /** Only runs of these statuses. */
  readonly statuses?: readonly RunStatus[];
  /** Only runs of this workflow, by its full name. */
  readonly workflow?: string;
  readonly tenant?: string;
  /** Epoch milliseconds: only runs created at that time or later. */
  readonly createdAfter?: number;
  /** Epoch milliseconds: only runs created before. */
  readonly createdBefore?: number;
}

/** A run's place in every list: newer ones come first, of one moment the greater ids. */
export interface Place {
  readonly id: string;
  /** Epoch milliseconds by which it is listed. */
  readonly at: number;
}

/** Runs behind a place, newest first. @param behind undefined: from the beginning @returns fewer than `count`: the list ends with them */
export type Listing = (behind: Place | undefined, count: number) => Promise<readonly Place[]>;

/** A run is listed by the clock of the process that took it, and created by Redis's: they may differ by this much. */
const clocksApartMs = 60_000;

/** Opens a list that has every run that is asked for, and as few others as the lists in Redis allow; the caller leaves those out. */
export async function listingOf(redis: Redis, keys: Keys, listed: Listed): Promise<Listing> {
  const { parent, all = false, workflow, tenant, statuses } = listed;
  if (parent !== undefined) return sorted(await childrenOf(redis, keys, parent));
  // Open ones first: one that is closed meanwhile is on its other list before it leaves this one.
  const ofStatuses = statuses && [
    keys.openRuns,
    ...statuses.filter(isTerminal).map((status) => keys.runsBy("status", status)),
  ];
  const choices: readonly (readonly string[])[] = [
    [all ? keys.runs : keys.ownRuns],
    ...(workflow === undefined ? [] : [[keys.runsBy("workflow", workflow)]]),
    ...(tenant === undefined ? [] : [[keys.runsBy("tenant", tenant)]]),
    ...(ofStatuses ? [ofStatuses] : []),
  ];
  const sizes = await Promise.all(
    choices.map(async (lists) => sum(await Promise.all(lists.map((k) => redis.zcard(k))))),
  );
  const best = choices[sizes.indexOf(Math.min(...sizes))] ?? [keys.runs];
  const bounds = {
    max: listed.createdBefore === undefined ? Number.POSITIVE_INFINITY : listed.createdBefore + clocksApartMs,
    min: listed.createdAfter === undefined ? 0 : Math.max(0, listed.createdAfter - clocksApartMs),
  };
  return async (behind, count) => {
    const found: (readonly Place[])[] = [];
    for (const key of best) found.push(await range(redis, key, bounds, behind, count));
    return merged(found).slice(0, count);
  };
}

/** The place of a run; null: it is not listed. */
export async function placeOf(redis: Redis, keys: Keys, id: string): Promise<Place | null> {
  const at = await redis.zscore(keys.runs, id);
  return at === null ? null : { id, at: Number(at) };
}

/** Whether `a` stands before `b`. */
function isBefore(a: Place, b: Place): boolean {
  return a.at > b.at || (a.at === b.at && a.id > b.id);
}

async function range(
  redis: Redis,
  key: string,
  { max, min }: { readonly max: number; readonly min: number },
  behind: Place | undefined,
  count: number,
): Promise<readonly Place[]> {
  const from = Math.min(max, behind?.at ?? max);
  const places: Place[] = [];
  for (let offset = 0; ; offset += count) {
    const top = Number.isFinite(from) ? String(from) : "+inf";
    const reply = await redis.zrange(key, top, String(min), "BYSCORE", "REV", "LIMIT", offset, count, "WITHSCORES");
    for (let i = 0; i < reply.length; i += 2) {
      const place = { id: reply[i] ?? "", at: Number(reply[i + 1]) };
      if (behind === undefined || isBefore(behind, place)) places.push(place);
    }
    // Of one moment there may be more runs than fit on a page.
    if (reply.length < 2 * count || places.length >= count) return places.slice(0, count);
  }
}

function merged(lists: readonly (readonly Place[])[]): readonly Place[] {
  const [only, ...others] = lists;
  if (others.length === 0) return only ?? [];
  const places = new Map(lists.flat().map((place) => [place.id, place]));
  return [...places.values()].sort((a, b) => (isBefore(a, b) ? -1 : 1));
}

async function childrenOf(redis: Redis, keys: Keys, parent: string): Promise<readonly Place[]> {
  const ids = await redis.hkeys(keys.run(parent).children);
  if (ids.length === 0) return [];
  const created = await redis.zmscore(keys.runs, ...ids);
  const places = ids.map((id, i) => ({ id, at: Number(created[i] ?? 0) }));
  return places.sort((a, b) => (isBefore(a, b) ? -1 : 1));
}

function sorted(places: readonly Place[]): Listing {
  return async (behind, count) => {
    const rest = behind === undefined ? places : places.filter((place) => isBefore(behind, place));
    return rest.slice(0, count);
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

import type { Redis } from "ioredis";
import { AppError } from "../core/errors.ts";
import type { RunSummary } from "../core/run.ts";
import { tenantOf } from "../core/tenant.ts";
import type { Keys } from "../redis/keys.ts";
import { type Listed, listingOf, type Place, placeOf } from "./listing.ts";

/** A page of runs that is asked for. */
export interface ListRequest extends Listed {
  /** Only runs of this version. */
  readonly version?: number;
  /** At most this many. */
  readonly limit: number;
  /** `next` of the page before, or a run's id: the list goes on behind it. */
  readonly before?: string;
}

/** A page of runs, newest first. */
export interface RunPage {
  readonly runs: readonly RunSummary[];
  /** `before` of the next page; null: this is the last one. A page may be short, and even empty, and have a next one. */
  readonly next: string | null;
}

/** Runs that are read at a time. */
const readAtOnce = 200;

/** Runs that one request looks at before it answers with what it has. */
const mostLookedAt = 10_000;

/**
 * A page of runs, newest first. It stays where it is while runs come, go and end: `next` says behind which moment the next page begins, whether or not that run is still there.
 * @param read a run's summary; undefined: it is not there @throws AppError run_not_found, bad_request
 */
export async function listRuns(
  {
    redis,
    keys,
    read,
  }: {
    readonly redis: Redis;
    readonly keys: Keys;
    readonly read: (id: string) => Promise<RunSummary | undefined>;
  },
  request: ListRequest,
): Promise<RunPage> {
  const { limit, before } = request;
  const listing = await listingOf(redis, keys, request);
  const runs: RunSummary[] = [];
  let place = before === undefined ? undefined : await placeBehind(redis, keys, before);
  let last = place;
  for (let looked = 0; looked < mostLookedAt; looked += readAtOnce) {
    const places = await listing(place, readAtOnce);
    const found = await Promise.all(places.map(({ id }) => read(id)));
    for (const [i, summary] of found.entries()) {
      const isWanted = summary !== undefined && matches(summary, request);
      if (isWanted && runs.length === limit) return { runs, next: last ? cursorOf(last) : null };
      if (isWanted) runs.push(summary);
      // Behind the last one that was taken; what was passed over since is passed over again.
      if (isWanted || runs.length < limit) last = places[i];
    }
    if (places.length < readAtOnce) return { runs, next: null };
    place = places.at(-1);
  }
  return { runs, next: last ? cursorOf(last) : null };
}

function matches(run: RunSummary, request: ListRequest): boolean {
  const { statuses, workflow, version, tenant, createdAfter, createdBefore, parent, all } = request;
  return (
    (statuses === undefined || statuses.includes(run.status)) &&
    (workflow === undefined || run.workflow === workflow) &&
    (version === undefined || run.version === version) &&
    (tenant === undefined || tenantOf(run.workflow) === tenant) &&
    (createdAfter === undefined || run.createdAt >= createdAfter) &&
    (createdBefore === undefined || run.createdAt < createdBefore) &&
    (parent !== undefined || all === true || run.parent === undefined)
  );
}

const cursorMark = "at_";

function cursorOf({ id, at }: Place): string {
  return `${cursorMark}${Buffer.from(`${at} ${id}`).toString("base64url")}`;
}

async function placeBehind(redis: Redis, keys: Keys, before: string): Promise<Place> {
  if (before.startsWith(cursorMark)) {
    const [at, id, ...more] = Buffer.from(before.slice(cursorMark.length), "base64url").toString().split(" ");
    if (at && /^\d{1,15}$/.test(at) && id && more.length === 0) return { id, at: Number(at) };
    const message = "before must be `next` of another page, or the id of a run.";
    throw new AppError("bad_request", { message, problems: [{ path: "before", message }] });
  }
  const place = await placeOf(redis, keys, before);
  if (place) return place;
  throw new AppError("run_not_found", { message: `No run "${before}".`, details: { run: before } });
}

import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import type { Keys, PlacesKeys } from "../redis/keys.ts";
import { loadScript } from "../redis/script.ts";
import type { Definitions } from "./definitions.ts";

const enterScript = loadScript("enter_places", new URL("./lua/enter_places.lua", import.meta.url));
const leaveScript = loadScript("leave_places", new URL("./lua/leave_places.lua", import.meta.url));

/** What giving places needs. */
export interface PlacesParts {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly definitions: Pick<Definitions, "runLimit">;
}

/**
 * Which runs count together: `workflow#key`, kept in the run's field `place`.
 *
 * A run of a workflow with `concurrency` enters after it is written and before it gets jobs; it leaves when it is closed. A run that is listed as open and has no jobs
 * enters again (restoreJobs), so a crash between any two of these steps costs at most the time until the next reconcile.
 */
export function placesGroup(workflow: string, key: string): string {
  return `${workflow}#${key === "" ? "" : createHash("sha256").update(key).digest("base64url").slice(0, 22)}`;
}

/** Takes a place for a run, or one in the queue. @param at epoch milliseconds of its submission @returns whether it may begin */
export async function enterPlaces(parts: PlacesParts, group: string, runId: string, at: number): Promise<boolean> {
  const args = [runId, await limitOf(parts, group), at];
  const [word] = (await enterScript.run(parts.redis, keysOf(parts, group), args)) as string[];
  return word === "begins";
}

/** Frees the places of runs that have ended. @returns the runs that have their places now, and need jobs */
export async function leavePlaces(
  parts: PlacesParts,
  group: string,
  ended: readonly string[],
): Promise<readonly string[]> {
  const args = [await limitOf(parts, group), ...ended];
  return (await leaveScript.run(parts.redis, keysOf(parts, group), args)) as string[];
}

/** Frees places of runs that have ended or are gone, which their own end has missed. @returns the runs that have their places now, and need jobs */
export async function repairPlaces(parts: PlacesParts, group: string): Promise<readonly string[]> {
  const { redis, keys } = parts;
  const held = await redis.zrange(keys.places(group).taken, "0", "-1");
  const gone: string[] = [];
  for (let i = 0; i < held.length; i += 500) {
    const some = held.slice(i, i + 500);
    const found = await Promise.all(some.map((id) => redis.hmget(keys.run(id).run, "id", "finishedAt")));
    gone.push(...some.filter((_, index) => !found[index]?.[0] || found[index]?.[1]));
  }
  return leavePlaces(parts, group, gone.slice(0, 5_000));
}

/** How many runs wait before this one. Null: it does not wait for a place. */
export async function waitingBefore(
  { redis, keys }: Pick<PlacesParts, "redis" | "keys">,
  group: string,
  runId: string,
): Promise<number | null> {
  return redis.zrank(keys.places(group).queue, runId);
}

/** What the newest version of the workflow says holds for the runs of all versions. -1: without limit. */
async function limitOf({ definitions }: PlacesParts, group: string): Promise<number> {
  return (await definitions.runLimit(group.slice(0, group.lastIndexOf("#")))) ?? -1;
}

function keysOf({ keys }: PlacesParts, group: string): [string, string] {
  const { taken, queue }: PlacesKeys = keys.places(group);
  return [taken, queue];
}

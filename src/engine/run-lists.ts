import type { Redis } from "ioredis";
import { tenantOf } from "../core/tenant.ts";
import type { Keys } from "../redis/keys.ts";

/*
 * The lists of runs. A run is put on them before it is written, by what it never loses: that it exists, its workflow, its tenant, whether a step started it. It is open until
 * it is closed, and only then on the list of those that ended as it did: whoever looks at the open ones first and then at those finds every run.
 */

/** What the lists stand on. */
export interface ListsParts {
  readonly redis: Redis;
  readonly keys: Keys;
}

/** Lists a run that is about to be written. One that is listed keeps its place. @param at epoch milliseconds */
export async function listRun(
  { redis, keys }: ListsParts,
  { id, workflow, isChild }: { readonly id: string; readonly workflow: string; readonly isChild: boolean },
  at: number,
): Promise<void> {
  const lists = [
    keys.runs,
    keys.openRuns,
    keys.runsBy("workflow", workflow),
    keys.runsBy("tenant", tenantOf(workflow)),
    ...(isChild ? [] : [keys.ownRuns]),
  ];
  await Promise.all(lists.map((key) => redis.zadd(key, "NX", at, id)));
}

/** Takes a run that was closed off the list of open ones, once it is on those of ended ones. Repeated it does the same again. */
export async function listEnded({ redis, keys }: ListsParts, runId: string): Promise<void> {
  const [[status, finishedAt, createdAt, parent], listedAt] = await Promise.all([
    redis.hmget(keys.run(runId).run, "status", "finishedAt", "createdAt", "parent"),
    redis.zscore(keys.runs, runId),
  ]);
  // A run that a step has started goes with the run of that step.
  await Promise.all([
    status ? redis.zadd(keys.runsBy("status", status), "NX", listedAt ?? createdAt ?? 0, runId) : 0,
    finishedAt && !parent ? redis.zadd(keys.endedRuns, "NX", finishedAt, runId) : 0,
  ]);
  await redis.zrem(keys.openRuns, runId);
}

/** Takes a run off the lists that are read, before it is removed. */
export async function unlistRun(
  { redis, keys }: ListsParts,
  { id, workflow, status }: { readonly id: string; readonly workflow: string; readonly status: string },
): Promise<void> {
  const lists = [
    keys.ownRuns,
    keys.runs,
    keys.runsBy("workflow", workflow),
    keys.runsBy("tenant", tenantOf(workflow)),
    keys.runsBy("status", status),
  ];
  await Promise.all(lists.map((key) => redis.zrem(key, id)));
}

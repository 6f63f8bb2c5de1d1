import type { Redis } from "ioredis";
import { tenantOf } from "../core/tenant.ts";
import type { Keys } from "../redis/keys.ts";
import { loadScript } from "../redis/script.ts";

/*
 * The lists of runs. A run is put on them before it is written, by what it never loses: that it exists, its workflow, its tenant, whether a step started it. It is open until
 * it is closed, and only then on the list of those that ended as it did: whoever looks at the open ones first and then at those finds every run.
 */

const closeRunsScript = loadScript("close_runs", new URL("./lua/close_runs.lua", import.meta.url));

/** What the lists stand on. */
export interface ListsParts {
  readonly redis: Redis;
  readonly keys: Keys;
}

/** Lists runs that are about to be written. One that is listed keeps its place. @param at epoch milliseconds */
export async function listRuns(
  { redis, keys }: ListsParts,
  runs: readonly { readonly id: string; readonly workflow: string; readonly isChild: boolean }[],
  at: number,
): Promise<void> {
  const lists = runs.flatMap(({ id, workflow, isChild }) => [
    { key: keys.runs, id },
    { key: keys.openRuns, id },
    { key: keys.runsBy("workflow", workflow), id },
    { key: keys.runsBy("tenant", tenantOf(workflow)), id },
    ...(isChild ? [] : [{ key: keys.ownRuns, id }]),
  ]);
  const byKey = new Map<string, (string | number)[]>();
  for (const { key, id } of lists) {
    const known = byKey.get(key);
    if (known) known.push(at, id);
    else byKey.set(key, [at, id]);
  }
  await Promise.all([...byKey].map(([key, entries]) => redis.zadd(key, "NX", ...entries)));
}

/** A run that has ended, as Redis keeps it. */
export interface EndedRun {
  readonly id: string;
  /** Null: it is not there any more. */
  readonly status: string | null;
  readonly finishedAt: string | null;
  readonly createdAt: string | null;
  readonly isChild: boolean;
}

/** Takes runs that were closed off the list of open ones and puts them on those of ended ones. Repeated it does nothing, also where one was removed meanwhile. */
export async function listEnded({ redis, keys }: ListsParts, runs: readonly EndedRun[]): Promise<void> {
  const values = runs.flatMap(({ id, status, createdAt, finishedAt, isChild }) => [
    id,
    status ?? "",
    createdAt ?? 0,
    // A run that a step has started goes with the run of that step.
    isChild ? "" : (finishedAt ?? ""),
  ]);
  await closeRunsScript.run(redis, [keys.lists], values);
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

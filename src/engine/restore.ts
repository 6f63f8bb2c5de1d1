import type { Redis } from "ioredis";
import { isTerminal, type RunStatus } from "../core/run.ts";
import type { Keys } from "../redis/keys.ts";
import type { Definitions } from "./definitions.ts";
import { type Dispatcher, foldJob, type PlannedJob, plannedJob } from "./dispatch.ts";
import type { RunState } from "./state.ts";

/** What looking for missing jobs needs. */
export interface RestoreParts {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly definitions: Definitions;
  readonly dispatcher: Dispatcher;
  readonly clock: () => number;
}

/** Removes the jobs of timers that a run that has ended leaves behind, then takes it off the list of open ones. @param state its last one */
export async function closeRun(
  { redis, keys, dispatcher }: Pick<RestoreParts, "redis" | "keys" | "dispatcher">,
  runId: string,
  state: RunState,
): Promise<void> {
  await dispatcher.removeTimers(runId, state);
  await redis.zrem(keys.openRuns, runId);
}

/** A listed run that is not there is given this long to be written. */
const beingWrittenMs = 60_000;

/**
 * Adds every job that a run needs and that is not there: its state says which actors are active, its fences which of them have delivered.
 * @returns how many were added. Safe at any time: adding a job that exists changes nothing, and a job too many is refused by its fence.
 */
export async function restoreJobs(parts: RestoreParts, runId: string): Promise<number> {
  const { redis, keys, definitions, dispatcher, clock } = parts;
  const { run, fences, lease } = keys.run(runId);
  const [fields, delivered, holder] = await Promise.all([
    redis.hmget(run, "workflow", "version", "status", "rev", "state"),
    redis.hgetall(fences),
    redis.exists(lease),
  ]);
  const [workflow, version, status, rev, state] = fields;
  if (!workflow || !status || !state) {
    // Lost by Redis; or listed a moment ago and about to be written.
    const listedAt = Number((await redis.zscore(keys.openRuns, runId)) ?? 0);
    if (clock() - listedAt > beingWrittenMs) await redis.zrem(keys.openRuns, runId);
    return 0;
  }
  const last = JSON.parse(state) as RunState;
  if (isTerminal(status as RunStatus)) {
    await closeRun(parts, runId, last);
    return 0;
  }
  const loaded = await definitions.load(workflow, Number(version));
  const { compiled } = loaded;
  const place = { runId, version: loaded.version, workflow: compiled, place: "front", now: clock() } as const;
  const wanted: PlannedJob[] = [];
  let unfolded = false;
  for (const [actor, { epoch, kind, timer }] of Object.entries(last.active)) {
    const [fencedEpoch, , , done] = (delivered[actor] ?? "").split("|");
    if (fencedEpoch === String(epoch) && done === "1") unfolded = true;
    else wanted.push(plannedJob({ actor, epoch, kind, dueAt: timer?.dueAt ?? 0 }, place));
  }
  if (unfolded && holder === 0) wanted.push(foldJob(runId, workflow, Number(version), rev ?? "0"));
  return wanted.length > 0 ? dispatcher.restore(wanted) : 0;
}

/** Looks through all open runs, in no order. @returns runs looked at and jobs added. */
export async function reconcile(parts: RestoreParts): Promise<{ readonly runs: number; readonly added: number }> {
  let runs = 0;
  let added = 0;
  let cursor = "0";
  do {
    const [next, found] = await parts.redis.zscan(parts.keys.openRuns, cursor, "COUNT", 200);
    cursor = next;
    for (let i = 0; i < found.length; i += 2) {
      const runId = found[i];
      if (runId === undefined) continue;
      runs += 1;
      added += await restoreJobs(parts, runId);
    }
  } while (cursor !== "0");
  return { runs, added };
}

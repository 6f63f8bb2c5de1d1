import type { Redis } from "ioredis";
import { isTerminal, type RunStatus } from "../core/run.ts";
import type { Keys } from "../redis/keys.ts";
import type { Definitions } from "./definitions.ts";
import { type Dispatcher, foldJob, type PlannedJob, plannedJob } from "./dispatch.ts";
import type { Parent } from "./engine.ts";
import type { RunState } from "./state.ts";

/** What looking for missing jobs needs. */
export interface RestoreParts {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly definitions: Definitions;
  readonly dispatcher: Dispatcher;
  readonly clock: () => number;
  readonly onEnd: OnEnd;
}

/** What the end of a run means to those that are related to it. */
export interface OnEnd {
  endChildren(runId: string, children: readonly string[]): Promise<void>;
  wakeParent(parent: Parent): Promise<void>;
}

/**
 * What the end of a run brings with it: jobs of its timers go, child runs that still run are ended, the step that started it is woken; then it is off the list of open
 * ones. Repeated after a crash it does the same again. @param state its last one
 */
export async function closeRun(parts: RestoreParts, runId: string, state: RunState): Promise<void> {
  const { redis, keys, dispatcher, onEnd } = parts;
  const [[parent, hasChildren]] = await Promise.all([
    redis.hmget(keys.run(runId).run, "parent", "hasChildren"),
    dispatcher.removeTimers(runId, state),
  ]);
  if (hasChildren) await onEnd.endChildren(runId, Object.keys(await redis.hgetall(keys.run(runId).children)));
  if (parent) await onEnd.wakeParent(JSON.parse(parent) as Parent);
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
  const { run, fences, lease, inbox } = keys.run(runId);
  const [fields, delivered, holder, unfolded] = await Promise.all([
    redis.hmget(run, "workflow", "version", "status", "rev", "state", "paused"),
    redis.hgetall(fences),
    redis.exists(lease),
    redis.llen(inbox),
  ]);
  const [workflow, version, status, rev, state, paused] = fields;
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
  for (const [actor, { epoch, kind, timer }] of Object.entries(last.active)) {
    const fence = (delivered[actor] ?? "").split("|");
    const [fencedEpoch, , , done, , , , until = "", parks = ""] = fence;
    if (fencedEpoch === String(epoch) && done === "1") continue;
    // A paused run gets its steps' jobs when it is resumed; a parked step without a time has one when it is woken.
    if ((paused && kind !== "timer") || until === "0") continue;
    const dueAt = timer?.dueAt ?? (until === "" || until === "w" ? 0 : Number(until));
    wanted.push(plannedJob({ actor, epoch, kind, dueAt }, parks === "" ? place : { ...place, times: Number(parks) }));
  }
  if (unfolded > 0 && holder === 0) wanted.push(foldJob(runId, workflow, Number(version), rev ?? "0"));
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

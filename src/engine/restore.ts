import type { Redis } from "ioredis";
import { isPriority } from "../core/priority.ts";
import { isTerminal, type RunStatus } from "../core/run.ts";
import type { Keys } from "../redis/keys.ts";
import { abandonSteps } from "./abandon.ts";
import type { Definitions } from "./definitions.ts";
import type { Dispatcher } from "./dispatch.ts";
import type { Parent, Reconciled } from "./engine.ts";
import { foldJob, type PlannedJob, plannedJob } from "./job.ts";
import { agedPriority } from "./job-priority.ts";
import { enterPlaces, leavePlaces, repairPlaces } from "./places.ts";
import type { EndedRun } from "./run-lists.ts";
import type { RunState } from "./state.ts";
import { removeStrayJobs } from "./stray-jobs.ts";

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
  /** @param child the run that has ended */
  wakeParent(parent: Parent, child: string): Promise<void>;
  /** Moves a run from the list of open ones to those of ended ones. */
  list(ended: EndedRun): Promise<void>;
}

/**
 * What the end of a run brings with it: work on steps that nobody wants any more ends, jobs of its timers go, child runs that still run are ended, the step that started
 * it is woken; then it is off the list of open ones. Where nobody else is concerned the last commit has done all of it (close_run.lua). Repeated after a crash it does the same
 * again. @param state its last one
 */
export async function closeRun(parts: RestoreParts, runId: string, state: RunState): Promise<void> {
  const steps = Object.entries(state.left ?? {}).filter(([, { kind }]) => kind !== "timer");
  const fields = await endFields(parts, runId);
  await Promise.all([
    abandonSteps(
      parts,
      runId,
      steps.map(([actor, { epoch }]) => ({ actor, epoch })),
    ),
    parts.dispatcher.removeTimers(runId, state),
    tellOthers(parts, runId, fields),
  ]);
  const { status, finishedAt, createdAt, parent } = fields;
  await parts.onEnd.list({ id: runId, status, finishedAt, createdAt, isChild: Boolean(parent) });
}

/** What is to be known of a run that has ended; null: it has no such field. */
type EndFields = Readonly<
  Record<"parent" | "hasChildren" | "place" | "status" | "finishedAt" | "createdAt", string | null>
>;

async function endFields({ redis, keys }: RestoreParts, runId: string): Promise<EndFields> {
  const names = ["parent", "hasChildren", "place", "status", "finishedAt", "createdAt"] as const;
  const [parent = null, hasChildren = null, place = null, status = null, finishedAt = null, createdAt = null] =
    await redis.hmget(keys.run(runId).run, ...names);
  return { parent, hasChildren, place, status, finishedAt, createdAt };
}

/** Adds the first jobs of runs that have got a place. */
async function beginAll(parts: RestoreParts, runIds: readonly string[]): Promise<void> {
  for (const id of runIds) await restoreJobs(parts, id);
}

/** Ends the child runs of a run that has ended, wakes the step that started it, and frees its place among the runs of its workflow: who gets that one begins. */
async function tellOthers(parts: RestoreParts, runId: string, fields: EndFields): Promise<void> {
  const { redis, keys, onEnd } = parts;
  const { parent, hasChildren, place: group } = fields;
  if (hasChildren) await onEnd.endChildren(runId, openChildren(await redis.hgetall(keys.run(runId).children)));
  if (parent) await onEnd.wakeParent(JSON.parse(parent) as Parent, runId);
  if (group) await beginAll(parts, await leavePlaces(parts, group, [runId]));
}

/** Child runs that are not known to have ended. @param children entries by id */
export function openChildren(children: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(children).flatMap(([id, by]) => (hasEnded(by) ? [] : [id]));
}

/** Whether a child run is marked as ended. @param by its entry among its parent's children */
export function hasEnded(by: string): boolean {
  return by.endsWith("|ended");
}

/** A listed run that is not there is given this long to be written. */
const beingWrittenMs = 60_000;

/**
 * Adds every job that a run needs and that is not there: its state says which actors are active, its fences which of them have delivered.
 * Steps that were woken while their jobs sleep go on. @param full takes the group in which the run waits for a place. @returns how many jobs were added or roused. Safe at any time: adding a job that exists changes nothing, and a job too many is refused by its fence.
 */
export async function restoreJobs(parts: RestoreParts, runId: string, full?: Set<string>): Promise<number> {
  const { redis, keys, definitions, dispatcher, clock } = parts;
  const { run, fences, lease, inbox } = keys.run(runId);
  const [fields, delivered, holder, unfolded] = await Promise.all([
    redis.hmget(run, "workflow", "version", "status", "rev", "state", "paused", "place", "createdAt", "priority"),
    redis.hgetall(fences),
    redis.exists(lease),
    redis.llen(inbox),
  ]);
  const [workflow, version, status, rev, state, paused, group, createdAt, own] = fields;
  if (!workflow || !status || !state) {
    // Lost by Redis; or listed a moment ago and about to be written.
    const listedAt = Number((await redis.zscore(keys.openRuns, runId)) ?? 0);
    if (clock() - listedAt > beingWrittenMs) await redis.zrem(keys.openRuns, runId);
    return 0;
  }
  const last = JSON.parse(state) as RunState;
  if (isTerminal(status as RunStatus)) {
    // One that was closed may have got a further child from a step that was still at work.
    const isClosed = (await redis.zscore(keys.openRuns, runId)) === null;
    await (isClosed ? tellOthers(parts, runId, await endFields(parts, runId)) : closeRun(parts, runId, last));
    return 0;
  }
  const waits = group && status === "queued" && !(await enterPlaces(parts, group, runId, Number(createdAt)));
  if (waits) full?.add(group);
  const source = await definitions.forJobs(workflow, Number(version));
  const now = clock();
  const given = isPriority(own) ? own : undefined;
  const priority = agedPriority(given, Number(createdAt), now);
  const begins = status === "queued" ? "back" : "front";
  const place = { runId, version: Number(version), workflow: source, place: begins, now, priority } as const;
  const wanted: PlannedJob[] = [];
  const woken: PlannedJob[] = [];
  for (const [actor, { epoch, kind, timer }] of Object.entries(last.active)) {
    const fence = (delivered[actor] ?? "").split("|");
    const [fencedEpoch, , , done, , , , parked = "", parks = ""] = fence;
    if (fencedEpoch === String(epoch) && done === "1") continue;
    // A paused run gets its steps' jobs when it is resumed, one that waits for a place when it has it; a parked step without a time has one when it is woken.
    if (((paused || waits) && kind !== "timer") || parked === "0") continue;
    const isWoken = parked === "w" || parked === "p" || parked === "g";
    const dueAt = timer?.dueAt ?? (isWoken ? 0 : Number(parked));
    const jobs = isWoken ? woken : wanted;
    jobs.push(plannedJob({ actor, epoch, kind, dueAt }, parks === "" ? place : { ...place, times: Number(parks) }));
  }
  if (unfolded > 0 && holder === 0) wanted.push(foldJob(runId, workflow, Number(version), rev ?? "0"));
  if (priority !== given) await dispatcher.raise(wanted);
  const added = wanted.length > 0 ? await dispatcher.restore(wanted) : 0;
  const roused = await Promise.all(woken.map((job) => dispatcher.wake(job)));
  return added + roused.filter(Boolean).length;
}

/** Looks through all open runs, in no order, then through the jobs that sleep. @returns runs looked at, jobs added to them, and jobs removed that no open run has */
export async function reconcile(parts: RestoreParts): Promise<Reconciled> {
  let runs = 0;
  let added = 0;
  let cursor = "0";
  const full = new Set<string>();
  do {
    const [next, found] = await parts.redis.zscan(parts.keys.openRuns, cursor, "COUNT", 200);
    cursor = next;
    for (let i = 0; i < found.length; i += 2) {
      const runId = found[i];
      if (runId === undefined) continue;
      runs += 1;
      added += await restoreJobs(parts, runId, full);
    }
  } while (cursor !== "0");
  for (const group of full) await beginAll(parts, await repairPlaces(parts, group));
  return { runs, added, removed: await removeStrayJobs(parts) };
}

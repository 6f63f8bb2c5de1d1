import { AppError } from "../core/errors.ts";
import { type ListsParts, unlistRun } from "./run-lists.ts";

/** Child runs that are removed at a time. */
const childrenAtOnce = 50;

/** Runs that one look removes at most; the next look goes on. */
const mostAtOnce = 500;

/** What came of removing a run. `open`: it, or a run that it has started, has not ended; `child`: it goes with the run that started it. */
export type Removal = "removed" | "missing" | "open" | "child";

/**
 * Removes a run that has ended, with the runs that its steps have started: from the lists, then all of its keys. What a crash leaves of that is removed by
 * {@link removeEnded}: the run is marked before anything is gone, and unmarked last. Its idempotency key may live on: used again, it begins a new run.
 */
export async function removeRun(parts: ListsParts, runId: string): Promise<Removal> {
  const { redis, keys } = parts;
  const parent = await redis.hget(keys.run(runId).run, "parent");
  if (parent) return "child";
  if (!(await hasEnded(parts, runId))) return (await redis.exists(keys.run(runId).run)) ? "open" : "missing";
  await redis.zadd(keys.endedRuns, "XX", 0, runId);
  return (await removeTree(parts, runId)) ? "removed" : "open";
}

/** Removes the runs that ended before a time, and those whose removal was begun. @param before epoch milliseconds; 0: only the latter @returns how many */
export async function removeEnded(parts: ListsParts, before: number): Promise<number> {
  const { redis, keys } = parts;
  const due = await redis.zrange(keys.endedRuns, "-inf", `(${Math.max(1, before)}`, "BYSCORE", "LIMIT", 0, mostAtOnce);
  let removed = 0;
  for (const id of due) if (await removeTree(parts, id)) removed += 1;
  return removed;
}

/** @throws AppError run_not_found, run_not_removable */
export async function deleteRun(parts: ListsParts, runId: string): Promise<void> {
  const removal = await removeRun(parts, runId);
  if (removal === "removed") return;
  const details = { run: runId };
  if (removal === "missing") throw new AppError("run_not_found", { message: `No run "${runId}".`, details });
  const message =
    removal === "child"
      ? `Run ${runId} was started by a step of another run and is deleted with that one.`
      : `Run ${runId}, or a run that it has started, has not ended.`;
  throw new AppError("run_not_removable", { message, details });
}

/** Whether a run has ended and everybody was told so. */
async function hasEnded({ redis, keys }: ListsParts, runId: string): Promise<boolean> {
  const [finishedAt, open] = await Promise.all([
    redis.hget(keys.run(runId).run, "finishedAt"),
    redis.zscore(keys.openRuns, runId),
  ]);
  return finishedAt !== null && open === null;
}

/** Children first: as long as their parent is there, they can be found. @returns false: something of it has not ended */
async function removeTree(parts: ListsParts, runId: string): Promise<boolean> {
  const { redis, keys } = parts;
  const ofRun = keys.run(runId);
  const children = await redis.hkeys(ofRun.children);
  for (let i = 0; i < children.length; i += childrenAtOnce) {
    const gone = await Promise.all(
      children.slice(i, i + childrenAtOnce).map(async (child) => {
        // One that was never written is not there.
        if ((await redis.exists(keys.run(child).run)) === 0) return true;
        return (await hasEnded(parts, child)) && removeTree(parts, child);
      }),
    );
    if (gone.includes(false)) return false;
  }
  const [workflow, status] = await redis.hmget(ofRun.run, "workflow", "status");
  if (workflow && status) await unlistRun(parts, { id: runId, workflow, status });
  await redis.unlink(...Object.values(ofRun));
  await redis.zrem(keys.endedRuns, runId);
  return true;
}

import { isTerminal, type RunStatus } from "../core/run.ts";
import type { AbandonParts } from "./abandon.ts";
import type { QueueName } from "./job.ts";

/*
 * A run that ends takes its jobs with it (closeRun). Whoever read its state before and adds its jobs after that leaves a job that nobody wants: a process that stood still, or whose
 * Redis was away, in the middle of a submission or of restoreJobs. So does an author's own machine that cancels its timers. Such a job is refused when it comes; until then, it may be
 * for days, it only lies there.
 *
 * That it is nobody's can be seen: a run is listed as open before the first of its jobs can be added (writeRuns sends both on one connection, in this order; submissions, child runs,
 * forks, retries and undoing runs all go that way), and stays listed until it has been closed. So a job that was there before its run was looked for and not found belongs to a run
 * that is closed, or that Redis has lost. Where the run itself says that it goes on, its jobs stay all the same.
 */

/** Queues in which a job of a run may sleep for long. `control` has what is done at once, and what belongs to no run. */
const sleeping = ["timer", "llm", "io"] as const satisfies readonly QueueName[];

/**
 * Removes the jobs that sleep and belong to no open run. Safe at any time, and twice at once; what sleeps for an open run stays, wanted or not.
 * @param page about how many jobs are looked at by one command @returns how many it has removed
 */
export async function removeStrayJobs(parts: AbandonParts, page = 500): Promise<number> {
  let removed = 0;
  for (const name of sleeping) {
    const queue = parts.dispatcher.queues[name];
    let cursor = "0";
    do {
      const [next, found] = await parts.redis.zscan(queue.toKey("delayed"), cursor, "COUNT", page);
      cursor = next;
      const ids = found.filter((_, index) => index % 2 === 0);
      const gone = await Promise.all((await straysAmong(parts, ids)).map((id) => queue.remove(id)));
      removed += gone.filter((count) => count === 1).length;
    } while (cursor !== "0");
  }
  return removed;
}

/** Of jobs that are there those that belong to no open run. @param ids of theirs */
async function straysAmong({ redis, keys }: AbandonParts, ids: readonly string[]): Promise<readonly string[]> {
  const jobs = byRun(ids);
  const runs = [...jobs.keys()];
  if (runs.length === 0) return [];
  const listedAt = await redis.zmscore(keys.openRuns, ...runs);
  const unlisted = runs.filter((_, index) => listedAt[index] === null);
  const statuses = await Promise.all(unlisted.map((run) => redis.hget(keys.run(run).run, "status")));
  return unlisted.flatMap((run, index) => (isOver(statuses[index]) ? (jobs.get(run) ?? []) : []));
}

/** Jobs by the run that they belong to, as their ids say (see jobIdOf), without those that belong to none. */
function byRun(ids: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const jobs = new Map<string, string[]>();
  for (const id of ids) {
    const run = /^(run_[^-]+)-/.exec(id)?.[1];
    const known = run && jobs.get(run);
    if (known) known.push(id);
    else if (run) jobs.set(run, [id]);
  }
  return jobs;
}

/** @param status of a run that is not listed; absent: it is not there */
function isOver(status: string | null | undefined): boolean {
  return !status || isTerminal(status as RunStatus);
}

import type { Redis } from "ioredis";
import type { Keys } from "../redis/keys.ts";
import type { Dispatcher } from "./dispatch.ts";
import { jobIdOf } from "./job.ts";
import type { AbandonedStep } from "./state.ts";

/** What ending unwanted work needs. */
export interface AbandonParts {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly dispatcher: Dispatcher;
}

/**
 * Ends the work on steps that nobody wants any more: the workers of the fleet are told to abort their calls, and jobs that have not begun go. The fences of these steps
 * are gone already: whatever this misses is refused when it comes.
 */
export async function abandonSteps(
  { redis, keys, dispatcher }: AbandonParts,
  runId: string,
  steps: readonly AbandonedStep[],
): Promise<void> {
  if (steps.length === 0) return;
  const ids = steps.map(({ actor, epoch }) => jobIdOf(runId, actor, epoch));
  const [parked] = await Promise.all([
    redis.hget(keys.run(runId).run, "parked"),
    redis.publish(keys.stops, JSON.stringify(ids)),
  ]);
  const times = new Map((parked?.split("\n") ?? []).map((line) => splitAtLast(line)));
  await dispatcher.remove(
    steps.map(({ actor, epoch }) => jobIdOf(runId, actor, epoch, times.get(`${actor}|${epoch}`))),
  );
}

/** Of the run's child runs those that these steps have started. */
export async function childrenStartedBy(
  { redis, keys }: AbandonParts,
  runId: string,
  steps: readonly AbandonedStep[],
): Promise<readonly string[]> {
  if (!(await redis.hexists(keys.run(runId).run, "hasChildren"))) return [];
  const starters = new Set(steps.map(({ actor, epoch }) => `${actor}|${epoch}`));
  const children = Object.entries(await redis.hgetall(keys.run(runId).children));
  return children.flatMap(([child, step]) => (starters.has(step) ? [child] : []));
}

/** "actor|epoch|parks" as [actor|epoch, parks]. */
function splitAtLast(line: string): [string, number] {
  const at = line.lastIndexOf("|");
  return [line.slice(0, at), Number(line.slice(at + 1))];
}

import type { Redis } from "ioredis";
import type { Keys } from "../redis/keys.ts";
import type { LoadedWorkflow } from "./definitions.ts";
import { type Dispatcher, jobIdOf } from "./dispatch.ts";
import type { Transition } from "./state.ts";

/** What ending unwanted work needs. */
export interface AbandonParts {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly dispatcher: Dispatcher;
  readonly endChild: (runId: string, by: string, reason: string) => Promise<void>;
}

/**
 * Ends the work on steps that nobody wants any more: the workers of the fleet are told to abort their calls, jobs that have not begun go, and so do the child runs. The
 * fences of these steps are gone already: whatever this misses is refused when it comes.
 */
export function abandonment({ redis, keys, dispatcher, endChild }: AbandonParts) {
  return async (runId: string, { compiled }: LoadedWorkflow, steps: Transition["abandoned"]): Promise<void> => {
    const ids = steps.map(({ actor, epoch }) => jobIdOf(runId, actor, epoch));
    await redis.publish(keys.stops, JSON.stringify(ids));
    await dispatcher.remove(
      steps.map(({ actor }, i) => ({ id: ids[i] ?? "", queue: compiled.steps.get(actor)?.queue ?? "io" })),
    );
    if (!(await redis.hexists(keys.run(runId).run, "hasChildren"))) return;
    const wanted = new Set(steps.map(({ actor, epoch }) => `${actor}|${epoch}`));
    for (const [child, step] of Object.entries(await redis.hgetall(keys.run(runId).children))) {
      if (wanted.has(step)) await endChild(child, `run ${runId}`, "The step that started it is not wanted any more.");
    }
  };
}

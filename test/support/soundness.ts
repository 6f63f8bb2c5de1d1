import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { expect } from "vitest";
import type { RunEvent } from "../../src/core/run.ts";
import { queueNames } from "../../src/engine/job.ts";
import { keysOf } from "../../src/redis/keys.ts";
import type { Fleet } from "./fleet.ts";

const keys = keysOf("switchyard");

/** A run's history makes sense by itself: what succeeded had begun, every step ended once, the costs of its calls are the run's. */
export async function expectSoundRun(fleet: Fleet, runId: string): Promise<void> {
  const [run, events] = await Promise.all([fleet.client.get(runId), fleet.client.history(runId)]);
  expect({ id: run.id, status: run.status, error: run.error }).toEqual({ id: runId, status: "succeeded", error: null });
  const started = new Set(events.flatMap((event) => (event.type === "step.started" ? [attemptOf(event)] : [])));
  for (const event of events) if (event.type === "step.succeeded") expect(started).toContain(attemptOf(event));
  const ended = events.flatMap((event) =>
    event.type === "step.succeeded" || event.type === "step.skipped" ? [event.step] : [],
  );
  expect(ended.sort()).toEqual(run.steps.map(({ id }) => id).sort());
  const costs = events.flatMap((event) => ("calls" in event ? event.calls : [])).map((call) => call.costUsd ?? 0);
  expect(run.costUsd ?? 0).toBeCloseTo(
    costs.reduce((sum, cost) => sum + cost, 0),
    9,
  );
}

function attemptOf({ step, attempt }: Extract<RunEvent, { attempt: number; step: string }>): string {
  return `${step} ${attempt}`;
}

/**
 * Nothing is left behind by runs that have all ended: no fence, outcome, lease, memo, wait, signal or job, and no entry in the list of open ones.
 * @param failed runs of which a step failed: its job is kept for the queue dashboard
 */
export async function expectNothingLeft(fleet: Fleet, failed: readonly string[] = []): Promise<void> {
  const redis = new Redis(fleet.redis.url);
  try {
    const found = await redis.keys("switchyard:{run_*");
    expect(found.filter((key) => /:(fences|inbox|lease|memos|waits|signals|known)$/.test(key))).toEqual([]);
    expect(await redis.zrange(keys.openRuns, "0", "-1")).toEqual([]);
    for (const name of queueNames) {
      const queue = new Queue(name, { connection: { url: fleet.redis.url }, prefix: keys.queues });
      const jobs = await queue.getJobs(["wait", "active", "delayed", "prioritized", "failed"]);
      await queue.close();
      const left = jobs.filter(
        (job) => job && job.name !== "reconcile" && !(job.finishedOn && failed.includes(job.data.run)),
      );
      expect(left.map(({ id, failedReason }) => `${name} ${id} ${failedReason ?? ""}`)).toEqual([]);
    }
  } finally {
    redis.disconnect();
  }
}

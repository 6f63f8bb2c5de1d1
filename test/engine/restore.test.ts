import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { queueNames } from "../../src/engine/job.ts";
import { reconcile, restoreJobs } from "../../src/engine/restore.ts";
import { type EngineUnderTest, engineUnderTest, type Hand, succeeded } from "./engine-under-test.ts";

let engine: EngineUnderTest;
let hand: Hand;
beforeAll(async () => {
  engine = await engineUnderTest();
  hand = engine.hand();
});
afterAll(() => engine?.close());
beforeEach(async () => {
  await engine.server.redis.del(engine.keys.openRuns);
});

const side = (count: number) => Array.from({ length: count }, (_, index) => ({ id: `s${index}`, needs: [] }));

/** Ids of the jobs of a run in all queues. */
async function jobsOf(runId: string): Promise<readonly string[]> {
  const all = await Promise.all(queueNames.map((queue) => engine.jobs(queue)));
  return all
    .flat()
    .filter((id) => id.startsWith(runId))
    .sort();
}

async function remove(ids: readonly string[]): Promise<void> {
  const { queues } = engine.restoring.dispatcher;
  for (const id of ids) for (const queue of Object.values(queues)) await queue.remove(id);
}

function openRuns(): Promise<readonly string[]> {
  return engine.server.redis.zrange(engine.keys.openRuns, "0", "-1");
}

describe("restoreJobs", () => {
  test("adds exactly the jobs that are missing, timers too, whichever they are", async () => {
    const runId = await engine.submit(side(8), { timeout: "1h" });
    const all = await jobsOf(runId);
    expect(all).toHaveLength(9);
    await fc.assert(
      fc.asyncProperty(fc.subarray([...all]), async (deleted) => {
        await remove(deleted);
        expect(await jobsOf(runId)).toEqual(all.filter((id) => !deleted.includes(id)));
        expect(await restoreJobs(engine.restoring, runId)).toBe(deleted.length);
        expect(await jobsOf(runId)).toEqual(all);
        expect(await restoreJobs(engine.restoring, runId)).toBe(0);
      }),
      { numRuns: 10 },
    );
  });

  test("gives a timer that it adds the rest of its time", async () => {
    const runId = await engine.submit(side(1), { timeout: "1h" });
    const { active } = await engine.state(runId);
    const dueAt = Object.values(active).find(({ timer }) => timer)?.timer?.dueAt ?? 0;
    const [id = ""] = (await engine.jobs("timer")).filter((job) => job.startsWith(runId));
    await remove([id]);
    await restoreJobs({ ...engine.restoring, clock: () => dueAt - 60_000 }, runId);
    const job = await engine.restoring.dispatcher.queues.timer.getJob(id);
    expect(job?.opts.delay).toBe(60_000);
  });

  test("adds no job for a step whose outcome waits in the inbox, but one that folds it if nobody holds the run", async () => {
    const runId = await engine.submit([...side(2), { id: "join", needs: ["s0", "s1"] }]);
    const s0 = await hand.begin(runId, "s0");
    await hand.store.deliver("dead", s0, succeeded(s0), 0);
    await remove(await jobsOf(runId));
    expect(await restoreJobs(engine.restoring, runId)).toBe(1);
    expect(await jobsOf(runId)).toEqual([`${runId}-s1-2`]);
    await engine.server.redis.del(engine.keys.run(runId).lease);
    expect(await reconcile(engine.restoring)).toEqual({ runs: 1, added: 1, removed: 0 });
    const [fold = ""] = (await jobsOf(runId)).filter((id) => id.includes("-fold-"));
    expect(fold).toBe(`${runId}-fold-1`);
    expect(await hand.folder.again({ ...s0, actor: "", epoch: 0 })).toEqual({ type: "done" });
    expect(Object.keys((await engine.state(runId)).active)).toEqual(["s1"]);
  });
});

describe("reconcile", () => {
  test("looks at each open run and adds what it misses", async () => {
    const runs = await Promise.all([engine.submit(side(2)), engine.submit(side(3)), engine.submit(side(1))]);
    const all = await Promise.all(runs.map(jobsOf));
    await remove(all.flat());
    expect(await reconcile(engine.restoring)).toEqual({ runs: 3, added: 6, removed: 0 });
    expect(await Promise.all(runs.map(jobsOf))).toEqual(all);
    expect(await reconcile(engine.restoring)).toEqual({ runs: 3, added: 0, removed: 0 });
  });

  test("takes a run off the list that has ended, or that is not there, and adds nothing for it", async () => {
    const [over, open] = [await engine.submit(side(1)), await engine.submit(side(1))];
    const only = await hand.begin(over, "s0");
    await hand.folder.deliver(only, succeeded(only));
    expect(await openRuns()).toEqual([open]);
    await engine.server.redis.zadd(engine.keys.openRuns, "1", over, "2", "run_nobody");
    await remove(await jobsOf(over));
    expect(await reconcile(engine.restoring)).toEqual({ runs: 3, added: 0, removed: 0 });
    expect([await openRuns(), await jobsOf(over)]).toEqual([[open], []]);
  });
});

describe("the timers of a run that has ended", () => {
  const timers = async (runId: string) => (await engine.jobs("timer")).filter((id) => id.startsWith(runId));

  test.each(["by delivering", "by settling"])("have no jobs left that would wait for their hour: %s", async (way) => {
    const runId = await engine.submit(side(1), { timeout: "365d" });
    expect(await timers(runId)).toHaveLength(1);
    const s0 = await hand.begin(runId, "s0");
    if (way === "by settling") await hand.folder.settle(await hand.settlement(s0));
    else await hand.folder.deliver(s0, succeeded(s0));
    expect(await timers(runId)).toEqual([]);
    expect(await openRuns()).not.toContain(runId);
  });

  test("lose them too when the worker died before it could remove them", async () => {
    const runId = await engine.submit(side(1), { timeout: "365d" });
    const dying = engine.hand((point) => {
      if (point === "after-commit") throw new Error("died");
    });
    const s0 = await dying.begin(runId, "s0");
    await expect(dying.folder.deliver(s0, succeeded(s0))).rejects.toThrow("died");
    expect(await timers(runId)).toHaveLength(1);
    await reconcile(engine.restoring);
    expect(await timers(runId)).toEqual([]);
    expect(await openRuns()).toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Dispatcher } from "../../src/engine/dispatch.ts";
import { type PlannedJob, plannedJob } from "../../src/engine/job.ts";
import { reconcile, restoreJobs } from "../../src/engine/restore.ts";
import type { Execution } from "../../src/engine/run-scripts.ts";
import { define } from "../workflow/support/define.ts";
import { type EngineUnderTest, engineUnderTest, type Hand } from "./engine-under-test.ts";

let engine: EngineUnderTest;
let hand: Hand;
let dispatcher: Dispatcher;
beforeAll(async () => {
  engine = await engineUnderTest();
  hand = engine.hand();
  dispatcher = engine.restoring.dispatcher;
});
afterAll(() => engine?.close());

const inAnHour = () => Date.now() + 3_600_000;

/** Begins the first step of a run as its job after so many parkings does. */
async function begun(runId: string, times?: number): Promise<Execution & { readonly word: string }> {
  const { active } = await engine.state(runId);
  const [actor = "", { epoch = 0 } = {}] = Object.entries(active)[0] ?? [];
  const execution = { runId, actor, epoch, token: `t${Math.random()}`, ...(times === undefined ? {} : { times }) };
  const { type } = await hand.store.begin(execution, 3, "hand", []);
  return { ...execution, word: type };
}

async function parked(execution: Execution, until: number | null, signal: string | null = "go"): Promise<number> {
  const held = await hand.store.suspend(execution, {
    refund: true,
    costUsd: null,
    event: null,
    avoid: [],
    park: { until, memo: { kept: true }, signal },
  });
  return held.type === "done" ? held.times : 0;
}

/** The job in which a parked step goes on. */
function jobOf({ runId, actor, epoch }: Execution, times: number, dueAt: number): PlannedJob {
  const workflow = define({ name: "w", steps: [{ id: actor, noop: {} }] });
  const place = { runId, version: 1, workflow, place: "front", now: Date.now(), times } as const;
  return plannedJob({ actor, epoch, kind: "noop", dueAt }, place);
}

const stateOf = (job: PlannedJob) => dispatcher.queues.io.getJobState(job.opts.jobId);
const jobsOf = async (runId: string) => (await engine.jobs("io")).filter((id) => id.startsWith(runId));

describe("a step that was parked", () => {
  test("is begun by the job of its newest parking alone", async () => {
    const runId = await engine.submit([{ id: "s" }]);
    const first = await begun(runId);
    expect(await parked(first, null)).toBe(1);
    await hand.store.commands.signal(runId, "go", 1, "a", "me");
    expect((await begun(runId)).word).toBe("stale");
    const second = await begun(runId, 1);
    expect(second.word).toBe("begun");
    await hand.store.waiting.take(second, "go");
    expect(await parked(second, null)).toBe(2);
    expect((await begun(runId, 1)).word).toBe("stale");
    expect((await begun(runId, 2)).word).toBe("parked");
  });

  test("does not sleep where it was woken before the job that sleeps was added, or while it was", async () => {
    const runId = await engine.submit([{ id: "s" }]);
    const until = inAnHour();
    const step = await begun(runId);
    const times = await parked(step, until);
    const { woken } = (await hand.store.commands.signal(runId, "go", 1, "a", "me")) as { woken: readonly unknown[] };
    expect(woken).toEqual([{ actor: "s", epoch: step.epoch, times }]);
    const [sleeping, awake] = [jobOf(step, times, until), jobOf(step, times, 0)];
    // Every order of the two: whoever sleeps adds his job before, after, or between the waker's look and its addition.
    const restore = dispatcher.restore.bind(dispatcher);
    const between = Object.assign(Object.create(dispatcher) as Dispatcher, {
      restore: async (jobs: readonly PlannedJob[]) => {
        await dispatcher.add([sleeping]);
        return restore(jobs);
      },
    });
    const orders = [
      async () => dispatcher.add([sleeping]).then(() => dispatcher.wake(awake)),
      async () => dispatcher.wake(awake).then(() => dispatcher.add([sleeping])),
      async () => between.wake(awake),
    ];
    for (const order of orders) {
      await dispatcher.queues.io.remove(awake.opts.jobId);
      await order();
      expect(await stateOf(awake)).toBe("prioritized");
    }
  });

  test("is roused by whoever looks for missing jobs, where its waker died before it could", async () => {
    const runId = await engine.submit([{ id: "s" }]);
    const until = inAnHour();
    const step = await begun(runId);
    const job = jobOf(step, await parked(step, until), until);
    await dispatcher.remove(await jobsOf(runId));
    await dispatcher.add([job]);
    expect(await restoreJobs(engine.restoring, runId)).toBe(0);
    expect(await stateOf(job)).toBe("delayed");
    await hand.store.commands.signal(runId, "go", 1, "a", "me");
    expect(await restoreJobs(engine.restoring, runId)).toBe(1);
    expect(await stateOf(job)).toBe("prioritized");
    expect(await restoreJobs(engine.restoring, runId)).toBe(0);
  });

  test("has each signal once, however often it is sent", async () => {
    const runId = await engine.submit([{ id: "s" }]);
    await hand.store.commands.signal(runId, "go", 1, "same", "me");
    expect(await hand.store.commands.signal(runId, "go", 1, "same", "me")).toEqual({ type: "again" });
    const step = await begun(runId);
    expect(await hand.store.waiting.take(step, "go")).toBe(1);
    expect(await hand.store.waiting.take(step, "go")).toBe(1);
    await hand.store.waiting.save(step, null, true);
    expect(await hand.store.waiting.take(step, "go")).toBeUndefined();
  });
});

describe("a run that is paused when a step's job comes", () => {
  test("brings it in a new job when it is resumed, even while the old one has not ended yet", async () => {
    const runId = await engine.submit([{ id: "s" }]);
    const [old = ""] = await jobsOf(runId);
    await hand.store.commands.pause(runId, "pause", "own", "me");
    expect((await begun(runId)).word).toBe("paused");
    expect(await restoreJobs(engine.restoring, runId)).toBe(0);
    await hand.store.commands.pause(runId, "resume", "own", "me");
    expect(await restoreJobs(engine.restoring, runId)).toBe(1);
    expect(await jobsOf(runId)).toEqual([old, `${old}-w1`]);
    expect((await begun(runId)).word).toBe("stale");
    expect((await begun(runId, 1)).word).toBe("begun");
    expect((await engine.events(runId)).map(({ type }) => type)).toEqual([
      "run.created",
      "step.queued",
      "run.paused",
      "run.resumed",
      "run.started",
      "step.started",
    ]);
  });

  test("stays paused by its own word when the run that started it is resumed", async () => {
    const runId = await engine.submit([{ id: "s" }]);
    const pause = (how: "pause" | "resume", whose: "own" | "parent") =>
      hand.store.commands.pause(runId, how, whose, "me").then(({ type }) => type);
    expect(await pause("pause", "parent")).toBe("done");
    expect(await pause("pause", "own")).toBe("same");
    expect(await pause("resume", "parent")).toBe("kept");
    expect((await begun(runId)).word).toBe("paused");
    expect(await pause("resume", "own")).toBe("done");
    expect(await pause("resume", "parent")).toBe("same");
  });
});

describe("a run that ends while a step sleeps", () => {
  /** Parks the step so often, then cancels the run. */
  async function cancelledAfter(parkings: number, by: Hand): Promise<string> {
    const runId = await engine.submit([{ id: "s" }]);
    await dispatcher.remove(await jobsOf(runId));
    for (let times = 0; times < parkings; times++) {
      const step = await begun(runId, times === 0 ? undefined : times);
      if (times > 0) await hand.store.waiting.take(step, "go");
      if (times > 0) await hand.store.waiting.save(step, null, true);
      expect(await parked(step, inAnHour())).toBe(times + 1);
      if (times + 1 < parkings) await hand.store.commands.signal(runId, "go", times, `${times}`, "me");
      else await dispatcher.add([jobOf(step, parkings, inAnHour())]);
    }
    expect(await jobsOf(runId)).toEqual([`${runId}-s-1-w${parkings}`]);
    await hand.store.commands.post(runId, "cancel", { type: "cancel", by: "me", reason: null });
    await by.folder.again({ runId, actor: "", epoch: 0, token: "c" });
    return runId;
  }

  test.each([1, 2, 5])("leaves no job of it, however often it was parked (%i)", async (parkings) => {
    expect(await jobsOf(await cancelledAfter(parkings, hand))).toEqual([]);
  });

  test("leaves none either where the worker that ended it died before it could remove it", async () => {
    const dying = engine.hand((point) => {
      if (point === "after-commit") throw new Error("died");
    });
    await expect(cancelledAfter(3, dying)).rejects.toThrow("died");
    expect((await engine.jobs("io")).filter((id) => id.endsWith("-s-1-w3"))).toHaveLength(1);
    await reconcile(engine.restoring);
    expect((await engine.jobs("io")).filter((id) => id.endsWith("-s-1-w3"))).toEqual([]);
  });

  test("keeps nothing that its steps had put aside", async () => {
    const runId = await cancelledAfter(2, hand);
    const left = await engine.server.redis.keys(`test:{${runId}}*`);
    expect(left.filter((key) => !/(:events|\})$/.test(key))).toEqual([]);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Definitions } from "../../src/engine/definitions.ts";
import { type PlannedJob, plannedJob } from "../../src/engine/job.ts";
import { reconcile, restoreJobs } from "../../src/engine/restore.ts";
import { listRuns } from "../../src/engine/run-lists.ts";
import { removeStrayJobs } from "../../src/engine/stray-jobs.ts";
import { define, kinds } from "../workflow/support/define.ts";
import { type EngineUnderTest, engineUnderTest, type Hand, succeeded } from "./engine-under-test.ts";

let engine: EngineUnderTest;
let hand: Hand;
beforeAll(async () => {
  engine = await engineUnderTest();
  hand = engine.hand();
});
afterAll(() => engine?.close());
afterEach(() => engine.server.redis.flushall());

const hour = 3_600_000;
const timeout = "xstate.after.3600000.run_running";

/** A job of a run that sleeps for an hour: a timer's, or the one in which a parked step goes on. */
function sleeping(runId: string, kind = "timer", n = 1): PlannedJob {
  const workflow = define({ name: "w", steps: [{ id: "s", noop: {} }] });
  const place = { runId, version: 1, workflow, place: "front", now: Date.now() } as const;
  const dispatch = { actor: kind === "timer" ? timeout : "s", epoch: n, kind, dueAt: Date.now() + hour };
  return plannedJob(dispatch, kind === "timer" ? place : { ...place, times: 1 });
}

const add = (...jobs: readonly PlannedJob[]) => engine.restoring.dispatcher.add(jobs);
const submit = () => engine.submit([{ id: "s" }], { timeout: "1h" });

/** Executes the only step of a run, and so ends it. */
async function end(runId: string): Promise<void> {
  const s = await hand.begin(runId, "s");
  await hand.folder.deliver(s, succeeded(s));
}

/** Nobody passes it until it is opened. */
function gate() {
  let open = (): void => undefined;
  const passed = new Promise<void>((pass) => {
    open = pass;
  });
  return { open, passed };
}

/** Makes a process stand still once it has read a run's state, before it adds the jobs that this one needs. */
class StandingStill extends Definitions {
  readonly #reached: () => void;
  readonly #until: Promise<void>;

  constructor(reached: () => void, until: Promise<void>) {
    super(engine.server.redis, engine.keys, kinds);
    this.#reached = reached;
    this.#until = until;
  }

  override async forJobs(name: string, version: number) {
    this.#reached();
    await this.#until;
    return super.forJobs(name, version);
  }
}

describe("the timer of a run that has ended", () => {
  test("is gone after a reconcile where a process that stood still added it after the run was closed", async () => {
    const runId = await submit();
    const [read, closed] = [gate(), gate()];
    const definitions = new StandingStill(read.open, closed.passed);
    const restoring = restoreJobs({ ...engine.restoring, definitions }, runId);
    await read.passed;
    await end(runId);
    expect(await engine.jobs("timer")).toEqual([]);
    closed.open();
    await restoring;
    expect(await engine.jobs("timer")).toEqual([`${runId}-${timeout}-1`]);
    expect(await reconcile(engine.restoring)).toEqual({ runs: 0, added: 0, removed: 1 });
    expect(await engine.jobs("timer")).toEqual([]);
  });

  test("is removed too where nothing is left of its run", async () => {
    await add(sleeping("run_nobody"));
    expect(await removeStrayJobs(engine.restoring)).toBe(1);
    expect(await engine.jobs("timer")).toEqual([]);
  });

  test("goes with the sleeping jobs of its parked steps", async () => {
    const runId = await submit();
    await end(runId);
    await add(sleeping(runId, "noop"));
    expect(await reconcile(engine.restoring)).toEqual({ runs: 0, added: 0, removed: 1 });
    expect((await engine.jobs("io")).filter((id) => id.endsWith("-w1"))).toEqual([]);
  });
});

describe("the timers of other runs", () => {
  test("stay while their runs are open, and so do jobs that are no run's", async () => {
    const [open, over] = [await submit(), await submit()];
    await end(over);
    await add(sleeping(open, "noop"), sleeping(over), {
      ...sleeping(over),
      opts: { ...sleeping(over).opts, jobId: "tick" },
    });
    const before = await engine.jobs("timer");
    expect(await reconcile(engine.restoring)).toEqual({ runs: 1, added: 0, removed: 1 });
    expect(await engine.jobs("timer")).toEqual(before.filter((id) => !id.startsWith(over)));
    expect(await engine.jobs("timer")).toEqual([`${open}-${timeout}-1`, "tick"].sort());
    expect(await engine.jobs("io")).toContain(`${open}-s-1-w1`);
  });

  test("stay where the run goes on although it has fallen out of the list of open ones", async () => {
    const runId = await submit();
    await engine.server.redis.zrem(engine.keys.openRuns, runId);
    expect(await removeStrayJobs(engine.restoring)).toBe(0);
    expect(await engine.jobs("timer")).toHaveLength(1);
  });

  test("stay while their runs are being written: listed, and not there yet", async () => {
    await listRuns(engine.restoring, [{ id: "run_new", workflow: "w", isChild: false }], Date.now());
    await add(sleeping("run_new"));
    expect(await removeStrayJobs(engine.restoring)).toBe(0);
    expect(await engine.jobs("timer")).toHaveLength(1);
  });

  test("stay when runs are written and looked through at the same moment, over and over", async () => {
    let writing = true;
    const looking = (async () => {
      let removed = 0;
      while (writing) removed += await removeStrayJobs({ ...engine.restoring, redis: hand.redis }, 10);
      return removed;
    })();
    const runs: string[] = [];
    for (let i = 0; i < 30; i++) runs.push(...(await Promise.all([submit(), submit(), submit(), submit()])));
    writing = false;
    expect(await looking).toBe(0);
    expect(await engine.jobs("timer")).toEqual(runs.map((id) => `${id}-${timeout}-1`).sort());
  });
});

test("thousands of sleeping jobs are looked through page by page, a few commands each", async () => {
  const { redis } = engine.server;
  const runs = Array.from({ length: 2_000 }, (_, n) => `run_${n}`);
  const isOpen = (_: string, n: number) => n % 30 > 0;
  await redis.zadd(engine.keys.openRuns, ...runs.filter(isOpen).flatMap((id) => ["1", id]));
  await add(...runs.map((id) => sleeping(id)));
  await redis.config("RESETSTAT");
  expect(await removeStrayJobs(engine.restoring, 500)).toBe(67);
  const stats = await redis.info("commandstats");
  const calls = (command: string) => Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1]);
  expect(calls("zscan")).toBeGreaterThan(4);
  expect(calls("zscan")).toBeLessThan(20);
  expect(calls("zmscore")).toBeLessThanOrEqual(calls("zscan"));
  const left = await redis.zrange(engine.restoring.dispatcher.queues.timer.toKey("delayed"), "0", "-1");
  const kept = runs.filter(isOpen).map((id) => `${id}-${timeout}-1`);
  expect(left.sort()).toEqual(kept.sort());
});

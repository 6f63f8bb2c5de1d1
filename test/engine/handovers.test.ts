import { createHash } from "node:crypto";
import { type Job, Queue, Worker } from "bullmq";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, createApp } from "../../src/app.ts";
import { loadSettings } from "../../src/config/load.ts";
import { AppError, toErrorRecord } from "../../src/core/errors.ts";
import { tokenSource } from "../../src/core/ids.ts";
import type { Json } from "../../src/core/json.ts";
import { settleScript } from "../../src/engine/handover-scripts.ts";
import { Handovers } from "../../src/engine/handovers.ts";
import type { JobData } from "../../src/engine/job.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { loadScript } from "../../src/redis/script.ts";
import type { StepHandler } from "../../src/steps/handler.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { eventually } from "../support/eventually.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";
import { startReplyThief } from "../support/reply-thief.ts";
import { noop } from "../workflow/support/define.ts";

const keys = keysOf("switchyard");
const chain = { name: "chain", steps: ["a", "b", "c", "d"].map((id) => ({ id, noop: {} })) };

let server: TestRedis;
let engine: App["engine"];
const opened: (() => Promise<unknown>)[] = [];
/** Calls of the steps, in their order; a step for which somebody waits here goes on when he lets it. */
const calls: {
  readonly runId: string;
  readonly stepId: string;
  readonly idempotencyKey: string;
  readonly body: Json;
}[] = [];
const gates = new Map<string, Promise<void>>();
/** A run whose first job was taken and not executed. */
let lost = "";

const handler: StepHandler = {
  kind: "noop",
  async execute({ runId, stepId, idempotencyKey, body, signal }) {
    calls.push({ runId, stepId, idempotencyKey, body });
    const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
    await Promise.race([gates.get(stepId), aborted]);
    const report = { calls: [] };
    if (signal.aborted) {
      return { type: "failed", error: toErrorRecord(new AppError("cancelled")), retryable: true, report };
    }
    return { type: "succeeded", output: stepId, served: null, report };
  },
};

async function process(
  roles: { readonly worker?: boolean },
  { kinds = [{ spec: noop, handler }], url = server.url, concurrency = 10 } = {},
): Promise<App> {
  const env = { REDIS_URL: url, SWITCHYARD_CONCURRENCY: String(concurrency), OLLAMA_ENDPOINT: "http://127.0.0.1:9" };
  const settings = await loadSettings({ env, cwd: "/" });
  const app = await createApp({ settings, roles, log: createLog("error"), kinds });
  opened.push(() => app.close());
  return app;
}

beforeAll(async () => {
  server = await testRedis();
  ({ engine } = await process({}));
  await engine.store(chain);
  await engine.store({ ...chain, name: "once", defaults: { retry: { attempts: 1 } } });
});
afterAll(async () => {
  for (const close of opened.reverse()) await close();
  await server?.close();
});

async function submitted(workflow = "chain"): Promise<string> {
  return (await engine.submit({ workflow })).run.id;
}

async function ended(id: string): Promise<void> {
  await eventually(async () => expect((await engine.get(id)).status).toBe("succeeded"), 20_000);
}

async function started(id: string): Promise<readonly string[]> {
  const events = await engine.events(id, 0);
  return events.flatMap((event) => (event.type === "step.started" ? [`${event.step} ${event.attempt}`] : []));
}

/** A worker of BullMQ that takes jobs as ours do, and does nothing with them. */
function taker(): {
  readonly sleep: (ms: number) => void;
  readonly take: () => Promise<Job<JobData>>;
  readonly handoverOf: (job: Job<JobData>) => ReturnType<Handovers["of"]>;
  /** Ids of the jobs whose locks are said to be lost. */
  readonly renew: (job: Job<JobData>) => Promise<readonly string[]>;
} {
  let clock = 0;
  const handovers = new Handovers({ keys, worker: "taker", token: tokenSource(), clock: Date.now, now: () => clock });
  const options = { connection: server.redis, prefix: keys.queues, autorun: false, lockDuration: 1_000 };
  const worker = new Worker<JobData>("io", null, options, handovers.backend);
  opened.push(() => worker.close(true));
  return {
    sleep: (ms) => {
      clock += ms;
    },
    async take() {
      const job = await worker.getNextJob("taker", { block: false });
      if (!job) throw new Error("there is no job");
      return job as Job<JobData>;
    },
    handoverOf: (job) => handovers.of(worker, job, "taker"),
    renew: (job) => worker.getBackend().extendLocks([job.id ?? ""], ["taker"], 1_000),
  };
}

/** As the workers' looks for stalled jobs do with one whose lock has passed. */
async function giveBack(job: Job<JobData>): Promise<void> {
  const { redis } = server;
  const queue = `${keys.queues}:io`;
  await redis
    .multi()
    .del(`${queue}:${job.id}:lock`)
    .lrem(`${queue}:active`, 0, job.id ?? "")
    .exec();
  await redis.zadd(`${queue}:prioritized`, "1", job.id ?? "");
}

describe("a handover whose answer is lost with its connection", () => {
  test("is sent again, and brings the job that it has taken, as it was begun", async () => {
    const thief = await startReplyThief(server.port);
    opened.push(() => thief.close());
    const worker = await process({ worker: true }, { url: thief.url });
    await ended(await submitted());
    thief.steal(settleScript.lua);
    const id = await submitted();
    await ended(id);
    expect(thief.stolen()).toBe(1);
    expect(await started(id)).toEqual(["a 1", "b 1", "c 1", "d 1"]);
    await worker.close();
  });
});

describe("the end of a run", () => {
  test("whose answer is lost brings the job that it has taken with it all the same: nothing is begun twice, or left", async () => {
    const thief = await startReplyThief(server.port);
    opened.push(() => thief.close());
    await engine.store({ name: "single", steps: [{ id: "e", noop: {} }] });
    const worker = await process({ worker: true }, { url: thief.url, concurrency: 1 });
    await ended(await submitted("single"));
    thief.steal(settleScript.lua);
    const ids = await Promise.all(Array.from({ length: 5 }, () => submitted("single")));
    for (const id of ids) await ended(id);
    expect(thief.stolen()).toBe(1);
    for (const id of ids) expect(await started(id)).toEqual(["e 1"]);
    expect(await server.redis.zmscore(keys.openRuns, ...ids)).toEqual(ids.map(() => null));
    const listed = await server.redis.zmscore(keys.endedRuns, ...ids);
    expect(listed.filter(Boolean)).toHaveLength(ids.length);
    await eventually(async () => expect(await server.redis.llen(`${keys.queues}:io:active`)).toBe(0));
    await worker.close();
  });
});

describe("a job that is taken", () => {
  test("has spent nothing where its worker does not know the kind of its step, which the history says", async () => {
    const id = await submitted();
    const without = await process({ worker: true }, { kinds: [] });
    await eventually(async () => {
      const told = (await engine.events(id, 0)).find((event) => event.type === "step.waiting");
      expect(told).toMatchObject({ reason: expect.stringMatching(/noop.*left to other workers/s) });
    });
    await without.close();
    const other = await process({ worker: true });
    await ended(id);
    await other.close();
    expect(await started(id)).toEqual(["a 1", "a 1", "b 1", "c 1", "d 1"]);
  });

  test("waits for a worker that knows its step also where all attempts are spent", async () => {
    const id = await submitted();
    const { take } = taker();
    for (let time = 1; time <= 3; time++) await giveBack(await take());
    expect(await started(id)).toEqual(["a 1", "a 2", "a 3"]);
    const without = await process({ worker: true }, { kinds: [] });
    const delayed = `${keys.queues}:io:delayed`;
    await eventually(async () => expect(await server.redis.zscore(delayed, `${id}-a-1`)).not.toBeNull());
    await without.close();
    const other = await process({ worker: true });
    await eventually(async () => expect((await engine.get(id)).error?.code).toBe("attempts_exhausted"));
    await other.close();
  });

  test("is begun with it, and begun anew where it comes again", async () => {
    const id = await submitted();
    const { take, handoverOf } = taker();
    const first = await take();
    expect(await started(id)).toEqual(["a 1"]);
    // Nobody asks for that handover: its worker has lost the job.
    await giveBack(first);
    const again = await take();
    expect(await started(id)).toEqual(["a 1", "a 2"]);
    const { begun, isFresh } = handoverOf(again);
    expect(isFresh).toBe(true);
    expect(begun?.reply.slice(0, 2)).toEqual(["begun", 2]);
    // Once: another handover of the same start has to begin by itself.
    expect(handoverOf(again).begun).toBeUndefined();
    await giveBack(again);
  });

  test("has spent nothing yet, where its step has one attempt: the answer that brings it may be lost", async () => {
    const id = await submitted("once");
    const { take } = taker();
    let job = await take();
    while (job.data.run !== id) job = await take();
    expect(await started(id)).toEqual([]);
    await giveBack(job);
    lost = id;
  });

  test("is asked for once more where its worker was stopped in between: another may have it", async () => {
    const id = await submitted();
    const { take, handoverOf, sleep } = taker();
    let job = await take();
    while (job.data.run !== id) job = await take();
    sleep(2_000);
    expect(handoverOf(job)).toMatchObject({ begun: { token: expect.any(String) }, isFresh: false });
    await giveBack(job);
  });
});

describe("a job whose lock is gone", () => {
  test("is reported as lost, but not where its handover is about to finish it", async () => {
    await submitted();
    const { take, handoverOf, renew } = taker();
    const job = await take();
    const handover = handoverOf(job);
    expect(await renew(job)).toEqual([]);
    await giveBack(job);
    expect(await renew(job)).toEqual([job.id]);
    handover.finish();
    expect(await renew(job)).toEqual([]);
  });
});

describe("workers that settle, finish, take and begin in one", () => {
  test("call again what another had begun and not executed, under the same idempotency key", async () => {
    const id = await submitted();
    const { take } = taker();
    let job = await take();
    // The run of the test before comes first.
    while (job.data.run !== id) job = await take();
    await giveBack(job);
    await process({ worker: true });
    await ended(id);
    const mine = calls.filter(({ runId }) => runId === id);
    expect(mine.map(({ stepId }) => stepId)).toEqual(["a", "b", "c", "d"]);
    expect(mine[0]?.idempotencyKey).toBe(`${id}-a-1-1`);
    expect(await started(id)).toEqual(["a 1", "a 2", "b 1", "c 1", "d 1"]);
  });

  test("execute a step of one attempt whose job was lost before", async () => {
    await ended(lost);
    expect(await started(lost)).toEqual(["a 1", "b 1", "c 1", "d 1"]);
  });

  test("never ask to begin by itself", async () => {
    await server.redis.script("FLUSH");
    const ids = await Promise.all(Array.from({ length: 20 }, () => submitted()));
    for (const id of ids) await ended(id);
    for (const id of ids) expect(await started(id)).toEqual(["a 1", "b 1", "c 1", "d 1"]);
    const { lua } = loadScript("begin", new URL("../../src/engine/lua/begin.lua", import.meta.url));
    expect(await server.redis.script("EXISTS", createHash("sha1").update(lua).digest("hex"))).toEqual([0]);
  });

  test("leave no job behind that waits or is at work", async () => {
    const queue = `${keys.queues}:io`;
    await ended(await submitted());
    await eventually(async () => expect(await server.redis.llen(`${queue}:active`)).toBe(0));
    expect(await server.redis.zcard(`${queue}:prioritized`)).toBe(0);
  });

  test("begin nothing of a run that was paused while its step was at work", async () => {
    let open = () => {};
    gates.set("b", new Promise((resolve) => (open = resolve)));
    const id = await submitted();
    await eventually(async () => expect(await started(id)).toEqual(["a 1", "b 1"]));
    await engine.pause(id, "somebody");
    open();
    await eventually(async () => expect((await engine.get(id)).steps[1]?.status).toBe("succeeded"));
    // A run beside it goes on.
    gates.delete("b");
    await ended(await submitted());
    expect(await started(id)).toEqual(["a 1", "b 1"]);
    await engine.resume(id, "somebody");
    await ended(id);
    expect(await started(id)).toEqual(["a 1", "b 1", "c 1", "d 1"]);
  });

  test("abort what nobody wants, also where its job is on its way to them when that is said", async () => {
    let open = () => {};
    gates.set("a", new Promise((resolve) => (open = resolve)));
    gates.set("b", new Promise(() => {}));
    const id = await submitted();
    await eventually(async () => expect(await started(id)).toEqual(["a 1"]));
    await server.redis.publish(keys.stops, JSON.stringify([`${id}-b-2`]));
    open();
    await eventually(async () => expect((await started(id)).slice(0, 3)).toEqual(["a 1", "b 1", "b 1"]));
    gates.clear();
    // Nobody has taken the run back in truth: it goes on.
    await server.redis.publish(keys.stops, JSON.stringify([`${id}-b-2`]));
    await ended(id);
  });

  test("read a step's outputs as its workflow says, where the job was planned by somebody who read it otherwise", async () => {
    const queue = new Queue<JobData>("io", { connection: server.redis, prefix: keys.queues });
    opened.push(() => queue.close());
    const says = { one: "{{ steps.a.output }}", two: "{{ steps.b.output }}" };
    await engine.store({ name: "reads", steps: [...chain.steps.slice(0, 2), { id: "e", noop: says }] });
    let open = () => {};
    gates.set("b", new Promise((resolve) => (open = resolve)));
    const id = await submitted("reads");
    await eventually(async () => expect(await started(id)).toEqual(["a 1", "b 1"]));
    await queue.pause();
    open();
    const planned = await eventually(
      async () => (await queue.getJob(`${id}-e-3`)) ?? Promise.reject(new Error("none")),
    );
    expect(planned.data.begin?.reads).toEqual(["a", "b"]);
    await planned.updateData({ ...planned.data, begin: { attempts: 3, reads: ["b", "a"] } });
    await queue.resume();
    await ended(id);
    gates.clear();
    expect(calls.find((call) => call.runId === id && call.stepId === "e")?.body).toEqual({ one: "a", two: "b" });
    expect(await started(id)).toEqual(["a 1", "b 1", "e 1"]);
  });

  test("go on beside jobs that somebody has tampered with", async () => {
    const queue = new Queue("io", { connection: server.redis, prefix: keys.queues });
    opened.push(() => queue.close());
    const data = [null, 5, [], { begin: {} }, { begin: { attempts: "x" }, run: "%1" }];
    await queue.addBulk(data.map((data) => ({ name: "a", data, opts: { priority: 1 } })));
    // And one that has lost its content.
    await server.redis.zadd(`${keys.queues}:io:prioritized`, 0, "lost");
    await ended(await submitted());
    await eventually(async () => expect(await queue.getFailedCount()).toBeGreaterThanOrEqual(data.length));
  });
});

import { Job, type JobsOptions, Queue, type RedisQueueBackend, Worker } from "bullmq";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JobData, keptJobs, plannedJob } from "../../src/engine/job.ts";
import { Additions, type BullValue, Completions, plainValues } from "../../src/engine/job-values.ts";
import { templateOf } from "../../src/engine/value-template.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";

let server: TestRedis;
let queue: Queue<JobData>;
let worker: Worker<JobData>;
beforeAll(async () => {
  server = await testRedis();
  const { redis: connection } = server;
  queue = new Queue("io", { connection, prefix: "{p}" });
  worker = new Worker("io", null, { connection, prefix: "{p}", autorun: false, name: "host:1", ...keptJobs });
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
});
afterAll(async () => {
  await worker.close();
  await queue.close();
  await server.close();
});

const at = 1_767_225_600_000;
/** Names that hold the marks of the samples, too. */
const name = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("<id>", "<name>", "a<lock>b", "999983"));
const priority = fc.constantFrom("low", "normal", "high", undefined);

/** What BullMQ itself gives to its script for a job. */
async function addedByBull(job: { readonly name: string; readonly data: JobData; readonly opts: JobsOptions }) {
  let values: readonly BullValue[] = [];
  const client = {
    runCommand: (_: string, given: readonly BullValue[]) => {
      values = given;
    },
  };
  const made = new Job(queue, job.name, job.data, { ...job.opts, timestamp: at }, job.opts.jobId);
  await made.addJob(client as unknown as Parameters<RedisQueueBackend["addJobToTransaction"]>[0]);
  return JSON.parse(JSON.stringify(plainValues(values)), (key, value) => (key === "timestamp" ? undefined : value));
}

describe("what BullMQ's scripts are given", () => {
  test("is for a job that is added what BullMQ would give", async () => {
    const additions = new Additions(queue);
    await fc.assert(
      fc.asyncProperty(name, name, fc.nat(), priority, async (runId, actor, epoch, urgent) => {
        const workflow = { name: runId, steps: new Map() };
        const place = { runId, version: epoch, workflow, place: "front", now: at, priority: urgent } as const;
        const job = plannedJob({ actor, epoch, kind: "llm", dueAt: 0 }, place);
        fc.pre(!job.opts.jobId.includes(":"));
        expect(await additions.of(job, at)).toEqual(await addedByBull(job));
      }),
    );
  });

  test("is nothing for a job that another script adds", async () => {
    const place = {
      runId: "r",
      version: 1,
      workflow: { name: "w", steps: new Map() },
      place: "front",
      now: at,
    } as const;
    const timer = plannedJob({ actor: "a", epoch: 1, kind: "timer", dueAt: at + 1_000 }, place);
    const later = plannedJob({ actor: "a", epoch: 1, kind: "llm", dueAt: at + 1_000 }, place);
    const additions = new Additions(queue);
    expect([await additions.of(timer, at), await additions.of(later, at)]).toEqual([null, null]);
  });

  test("is for a job that is finished what BullMQ would give", async () => {
    const backend = worker.getBackend() as RedisQueueBackend;
    const completions = new Completions(worker);
    await fc.assert(
      fc.asyncProperty(name, name, fc.nat(), fc.boolean(), async (id, lock, attempts, goesOn) => {
        if (goesOn) worker.resume();
        else await worker.pause(true);
        const job = { id, opts: { attempts } } as Job<JobData>;
        const given = plainValues(backend.moveToCompletedArgs(job, "null", keptJobs.removeOnComplete, lock, goesOn));
        const theirs = given.map((value, index) => (index === given.indexOf(id) + 1 ? at : value));
        expect(completions.of(job, lock, at)).toEqual(theirs);
      }),
    );
    worker.resume();
  });
});

describe("a template", () => {
  test("has its places anywhere, and says which it does not find", () => {
    const fill = templateOf(["<a>", { in: ["x<a>y", 7] }, "else"], { a: "<a>", n: 7 });
    expect(fill({ a: "A", n: 1 })).toEqual(["A", { in: ["xAy", 1] }, "else"]);
    expect(fill({ a: "$&", n: 2 })).toEqual(["$&", { in: ["x$&y", 2] }, "else"]);
    expect(() => templateOf(["<a>"], { a: "<a>", b: "<b>" })).toThrow(/no place for b/);
    expect(() => templateOf(["x<a><a>"], { a: "<a>" })).toThrow(/several places/);
    expect(() => templateOf(["<a><b>"], { a: "<a>", b: "<b>" })).toThrow(/several places/);
  });
});

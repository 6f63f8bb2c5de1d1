import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { Queue } from "bullmq";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keysOf } from "../../src/redis/keys.ts";
import { loadScript } from "../../src/redis/script.ts";
import { eventually } from "../support/eventually.ts";
import { callsByStep, fiveSteps } from "../support/five-steps.ts";
import { Fleet } from "../support/fleet.ts";
import { type ReplyThief, startReplyThief } from "../support/reply-thief.ts";

/** The scripts of a room that are commands: those that others include are none. */
function scriptsOf(room: string): readonly (readonly [string, string])[] {
  const folder = new URL(`../../src/${room}/lua/`, import.meta.url);
  const included = new Set(["append_event", "fence", "hold", "apply"]);
  const names = readdirSync(folder).map((file) => file.replace(/\.lua$/, ""));
  return names
    .filter((name) => !included.has(name))
    .map((name) => [`${room}/${name}`, loadScript(name, new URL(`${name}.lua`, folder)).sha] as const);
}

async function bullmqScripts(): Promise<readonly (readonly [string, string])[]> {
  const all = (await import("bullmq/dist/esm/scripts/index.js" as string)) as Record<string, { name?: string; content?: string }>;
  const wanted = ["addStandardJob", "addDelayedJob", "moveToActive", "moveToFinished", "moveToDelayed", "extendLocks"];
  return Object.values(all)
    .filter((script) => wanted.includes(script.name ?? ""))
    .map(({ name = "", content = "" }) => [`bullmq/${name}`, createHash("sha1").update(content).digest("hex")] as const);
}

describe("a Redis whose connection breaks after a command and before its reply", async () => {
  const scripts = [...scriptsOf("engine"), ...scriptsOf("router"), ...(await bullmqScripts())];
  let fleet: Fleet;
  let thief: ReplyThief;
  beforeAll(async () => {
    fleet = await Fleet.start({ LLM_PROVIDERS: "openai" });
    thief = await startReplyThief(fleet.redis.port);
    fleet.reachRedisBy(thief.url);
    await fleet.client.store(fiveSteps);
    await fleet.worker();
    // Every script is known to Redis by its hash from here on.
    const { id } = await fleet.client.submit({ workflow: "five-steps", input: { tag: "warm-up" } });
    await fleet.ended(id);
  });
  afterAll(async () => {
    await fleet?.close();
    await thief?.close();
  });

  test.each(scripts)("%s: nothing is lost and nothing is done twice", async (name, sha) => {
    const tag = name.replace("/", "-");
    // One failed call and one retried attempt, so that the scripts for these are needed too.
    await fleet.simulator.down("openai", { kind: "status", status: 500, match: `Task 2 of ${tag}`, times: 1 });
    thief.steal(sha);
    const { id } = await fleet.client.submit({ workflow: "five-steps", input: { tag }, idempotencyKey: tag });
    const run = await fleet.ended(id, 60_000);
    expect(run.status).toBe("succeeded");
    const calls = callsByStep(fleet.simulator, tag);
    // At most one repeated call, besides the one that was made to fail.
    expect(Object.values(calls).reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(7);
    for (const count of Object.values(calls)) expect(count).toBeGreaterThan(0);
    const answered = fleet.simulator.hits("openai").filter((hit) => hit.prompt.includes(` of ${tag}:`) && hit.outcome === "answered");
    expect(new Set(answered.map((hit) => hit.idempotencyKey)).size).toBeLessThanOrEqual(6);
    thief.steal("\0");
  });
});

describe("kill -9 of every process, Redis included", () => {
  test("loses no run that was accepted", async () => {
    const fleet = await Fleet.start();
    try {
      await fleet.client.store(fiveSteps);
      const workers = [await fleet.worker(), await fleet.worker()];
      const runs = await Promise.all(
        Array.from({ length: 40 }, (_, i) => fleet.client.submit({ workflow: "five-steps", input: { tag: `k${i}` } })),
      );
      await eventually(() => expect(fleet.simulator.total("openai")).toBeGreaterThan(60));
      for (const worker of workers) worker.kill("SIGKILL");
      await fleet.crashRedis();
      await fleet.reviveRedis();
      await fleet.worker();
      await fleet.worker();
      for (const { id } of runs) expect((await fleet.ended(id, 60_000)).status).toBe("succeeded");
    } finally {
      await fleet.close();
    }
  });
});

describe("jobs that somebody tampers with", () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start({ LLM_PROVIDERS: "openai" });
    await fleet.client.store(fiveSteps);
  });
  afterAll(() => fleet?.close());

  test("a step's job deleted by hand is added again", async () => {
    const queue = new Queue("llm", { connection: { url: fleet.redis.url }, prefix: keysOf("switchyard").queues });
    const worker = await fleet.worker();
    await fleet.simulator.down("openai", { kind: "hold", match: "Task 2 of deleted" });
    const { id } = await fleet.client.submit({ workflow: "five-steps", input: { tag: "deleted" } });
    await eventually(() => expect(callsByStep(fleet.simulator, "deleted").s2).toBe(1));
    worker.kill("SIGKILL");
    await worker.ended;
    await queue.obliterate({ force: true });
    await queue.close();
    await fleet.simulator.up("openai");
    await fleet.worker();
    expect((await fleet.ended(id, 60_000)).status).toBe("succeeded");
    expect(callsByStep(fleet.simulator, "deleted")).toMatchObject({ s1: 1, s2: 2, s3: 1 });
  });

  test("a job delivered twice changes nothing", async () => {
    const { id } = await fleet.client.submit({ workflow: "five-steps", input: { tag: "twice" } });
    await fleet.ended(id);
    const queue = new Queue("llm", { connection: { url: fleet.redis.url }, prefix: keysOf("switchyard").queues });
    const before = await fleet.client.history(id);
    const data = { run: id, workflow: "five-steps", version: 1, actor: "s3", epoch: 3 };
    const job = await queue.add("s3", data, { jobId: `${id}-again` });
    await eventually(async () => expect(await queue.getJobState(job.id ?? "")).toBe("completed"));
    await queue.close();
    expect(await fleet.client.history(id)).toEqual(before);
    expect(callsByStep(fleet.simulator, "twice")).toMatchObject({ s3: 1 });
  });
});

describe("Redis unreachable for 20 s", () => {
  test("submitting answers 503; what was being called is kept and committed afterwards; nothing is stuck", async () => {
    const fleet = await Fleet.start({ LLM_PROVIDERS: "openai" });
    const thief = await startReplyThief(fleet.redis.port);
    try {
      fleet.reachRedisBy(thief.url);
      await fleet.serve();
      await fleet.client.store(fiveSteps);
      await fleet.worker();
      await fleet.simulator.down("openai", { kind: "hold", match: "Task 3" });
      const { id } = await fleet.client.submit({ workflow: "five-steps", input: { tag: "cut-off" } });
      await eventually(() => expect(callsByStep(fleet.simulator, "cut-off").s3).toBe(1));
      thief.shut();
      const until = Date.now() + 20_000;
      await expect(fleet.client.submit({ workflow: "five-steps", input: { tag: "refused" } })).rejects.toMatchObject({
        code: "redis_unavailable",
      });
      await fleet.simulator.up("openai");
      await eventually(() => expect(Date.now()).toBeGreaterThan(until), 30_000);
      thief.open();
      expect((await fleet.ended(id, 60_000)).status).toBe("succeeded");
      const { s3, ...others } = callsByStep(fleet.simulator, "cut-off");
      expect(others).toEqual({ s1: 1, s2: 1, s4: 1, s5: 1 });
      expect(s3).toBeLessThanOrEqual(2);
      const next = await fleet.client.submit({ workflow: "five-steps", input: { tag: "afterwards" } });
      expect((await fleet.ended(next.id, 60_000)).status).toBe("succeeded");
    } finally {
      await fleet.close();
      await thief.close();
    }
  });
});

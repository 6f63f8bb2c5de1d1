import { Queue } from "bullmq";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nextJobScript, settleScript } from "../../src/engine/handover-scripts.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { loadScript } from "../../src/redis/script.ts";
import { eventually } from "../support/eventually.ts";
import { callsByStep, fiveSteps } from "../support/five-steps.ts";
import { Fleet } from "../support/fleet.ts";

/** Our scripts that every run of the test's workflow needs, by the name of their file. */
function ours(room: string, names: readonly string[]): readonly (readonly [string, string])[] {
  return names.map((name) => {
    const { lua } = loadScript(name, new URL(`../../src/${room}/lua/${name}.lua`, import.meta.url));
    return [`${room}/${name}`, lua] as const;
  });
}

async function bullmqs(names: readonly string[]): Promise<readonly (readonly [string, string])[]> {
  const scripts: Record<string, { name?: string; content?: string }> = await import(
    "bullmq/dist/esm/scripts/index.js" as string
  );
  return Object.values(scripts)
    .filter((script) => names.includes(script.name ?? ""))
    .map(({ name = "", content = "" }) => [`bullmq/${name}`, content] as const);
}

describe("a Redis whose connection breaks after a command and before its reply", async () => {
  const scripts = [
    ...ours("engine", ["create", "claim", "store_workflow", "note", "suspend", "deliver", "commit"]),
    ...[settleScript, nextJobScript].map(({ name, lua }) => [`engine/${name}`, lua] as const),
    ...ours("router", ["read", "record"]),
    ...(await bullmqs(["addPrioritizedJob", "addDelayedJob", "moveToFinished", "moveToDelayed", "extendLocks"])),
  ];
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start({ LLM_PROVIDERS: "openai" }, { behindThief: true });
    await fleet.worker();
    await fleet.ended(await submitted("warm-up"), 60_000);
  });
  afterAll(() => fleet?.close());

  /** The five steps, a timer, and three further steps that end at about the same time, so that one folds for the others. */
  const definition = {
    ...fiveSteps,
    timeout: "1h",
    steps: [
      ...fiveSteps.steps,
      ...[6, 7, 8].map((n) => ({
        id: `s${n}`,
        needs: ["s5"],
        llm: { prompt: `Task ${n} of ${"{{ input.tag }}"}: summarise.` },
      })),
    ],
  };

  /** Submits as a careful caller does: with an idempotency key, again after a 503. Step 2's first attempt fails, step 4 takes a while. */
  async function submitted(tag: string, slowMs = 100): Promise<string> {
    await fleet.simulator.down(
      "openai",
      { kind: "status", status: 500, match: `Task 2 of ${tag}`, times: 3 },
      { kind: "latency", ms: slowMs, match: `Task 4 of ${tag}` },
      ...[6, 7, 8].map((n) => ({ kind: "latency", ms: 100, match: `Task ${n} of ${tag}` }) as const),
    );
    return eventually(async () => (await fleet.client.submit({ definition, input: { tag }, idempotencyKey: tag })).id);
  }

  test("has five scripts of BullMQ's to break at", () => {
    expect(scripts.filter(([name]) => name.startsWith("bullmq/"))).toHaveLength(5);
  });

  test.each(scripts)("%s: nothing is lost and nothing is done twice", async (name, lua) => {
    const tag = name.replace("/", "-");
    const before = fleet.thief.stolen();
    fleet.thief.steal(lua);
    // A call that is under way when locks are renewed.
    const id = await submitted(tag, name === "bullmq/extendLocks" ? 1_500 : 100);
    const run = await fleet.ended(id, 60_000);
    expect(fleet.thief.stolen()).toBe(before + 1);
    expect(run.status).toBe("succeeded");
    const calls = callsByStep(fleet.simulator, tag);
    for (const count of Object.values(calls)) expect(count).toBeGreaterThan(0);
    // Eight calls, three that were made to fail, and at most one repeated.
    expect(Object.values(calls).reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(12);
  });
});

describe.concurrent("kill -9 of every process, Redis included", () => {
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

describe.concurrent("jobs that somebody tampers with", () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start({ LLM_PROVIDERS: "openai" });
    await fleet.client.store(fiveSteps);
  });
  afterAll(() => fleet?.close());

  test.sequential("a step's job deleted by hand is added again", async () => {
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

  test.sequential("a job delivered twice changes nothing", async () => {
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

describe.concurrent("Redis unreachable for 20 s", () => {
  test("submitting answers 503; what was being called is kept and committed afterwards; nothing is stuck", async () => {
    const fleet = await Fleet.start({ LLM_PROVIDERS: "openai" }, { behindThief: true });
    try {
      await fleet.client.store(fiveSteps);
      await fleet.worker();
      await fleet.simulator.down("openai", { kind: "hold", match: "Task 3" });
      const { id } = await fleet.client.submit({ workflow: "five-steps", input: { tag: "cut-off" } });
      await eventually(() => expect(callsByStep(fleet.simulator, "cut-off").s3).toBe(1));
      fleet.thief.shut();
      const until = Date.now() + 20_000;
      await expect(fleet.client.submit({ workflow: "five-steps", input: { tag: "refused" } })).rejects.toMatchObject({
        code: "redis_unavailable",
      });
      await fleet.simulator.up("openai");
      await eventually(() => expect(Date.now()).toBeGreaterThan(until), 30_000);
      fleet.thief.open();
      expect((await fleet.ended(id, 60_000)).status).toBe("succeeded");
      const { s3, ...others } = callsByStep(fleet.simulator, "cut-off");
      expect(others).toEqual({ s1: 1, s2: 1, s4: 1, s5: 1 });
      expect(s3).toBeLessThanOrEqual(2);
      const next = await fleet.client.submit({ workflow: "five-steps", input: { tag: "afterwards" } });
      expect((await fleet.ended(next.id, 60_000)).status).toBe("succeeded");
    } finally {
      await fleet.close();
    }
  });
});

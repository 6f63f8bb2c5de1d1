import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { memoryPolicy, policyWarning } from "../../src/redis/memory-policy.ts";
import { eventually } from "../support/eventually.ts";
import { type RunningApp, startApp, twoSteps } from "./running-app.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
  await running.client.store(twoSteps);
});
afterAll(() => running.close());

const redis = (...words: [string, ...string[]]) => running.redis.redis.call(...words);

async function problemOf(path: string, body?: unknown) {
  const answer = await fetch(`${running.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body ?? {}),
  });
  const { code } = (await answer.json()) as { code?: string };
  return { status: answer.status, after: answer.headers.get("retry-after"), code };
}

const submission = { workflow: "two-steps", input: { topic: "memory" } };

/** A Redis in which nothing can be written that takes memory, until it is released. */
async function whileFull(act: () => Promise<void>): Promise<void> {
  await redis("CONFIG", "SET", "maxmemory", "1");
  try {
    await act();
  } finally {
    await redis("CONFIG", "SET", "maxmemory", "0");
  }
}

describe("a Redis without memory", () => {
  test("is told as such, with what to do; what is only read is answered", async () => {
    await whileFull(async () => {
      for (const [path, body] of [
        ["/v1/runs", submission],
        ["/v1/workflows", { name: "other", steps: [{ id: "a", wait: { for: "1s" } }] }],
        ["/v1/runs/batch", [submission]],
      ] as const) {
        const problem = await problemOf(path, body);
        expect([path, problem]).toMatchObject([path, { status: 503, code: "redis_full", after: "5" }]);
      }
      expect((await fetch(`${running.url}/v1/runs`)).status).toBe(200);
      // A request to a model needs no memory of Redis.
      const chat = await problemOf("/v1/chat/completions", { messages: [{ role: "user", content: "hi" }] });
      expect(chat.status).toBe(200);
    });
    expect((await problemOf("/v1/runs", submission)).status).toBe(202);
  });

  test("stops a run in its middle, which goes on by itself once there is room, each step committed once", async () => {
    await running.simulator.down("openai", { kind: "hold", match: "Say something about pauses" });
    const { id } = await running.client.submit({ workflow: "two-steps", input: { topic: "pauses" } });
    await eventually(() =>
      expect(running.simulator.hits("openai").some(({ prompt }) => prompt.includes("about pauses"))).toBe(true),
    );
    await whileFull(async () => {
      await running.simulator.up("openai");
      // The worker has its answer by now, and can neither keep it nor end its job.
      await eventually(async () => {
        const info = String(await redis("INFO", "errorstats"));
        expect(Number(/errorstat_OOM:count=(\d+)/.exec(info)?.[1] ?? 0)).toBeGreaterThan(10);
      });
      expect((await running.client.get(id)).status).toBe("running");
    });
    expect((await running.client.wait(id)).status).toBe("succeeded");
    const done = (await running.client.history(id)).filter(({ type }) => type === "step.succeeded");
    expect(done).toHaveLength(2);
  });

  test("that is a read-only replica is told as such", async () => {
    await redis("REPLICAOF", "127.0.0.1", "1");
    try {
      expect(await problemOf("/v1/runs", submission)).toMatchObject({ status: 503, code: "redis_refuses" });
    } finally {
      await redis("REPLICAOF", "NO", "ONE");
    }
    await eventually(async () => expect((await problemOf("/v1/runs", submission)).status).toBe(202));
  });
});

describe("a Redis that throws keys away", () => {
  test("is refused at the start where it may be any key, and warned of where it may be some", async () => {
    await redis("CONFIG", "SET", "maxmemory", "1gb", "maxmemory-policy", "allkeys-lru");
    await expect(running.another()).rejects.toMatchObject({ code: "redis_evicts" });
    await redis("CONFIG", "SET", "maxmemory-policy", "volatile-lru");
    const found = await memoryPolicy(running.redis.redis);
    expect(found).toEqual({ policy: "volatile-lru", maxBytes: 1024 ** 3 });
    expect(policyWarning(found)).toMatch(/must be noeviction: it throws away locks.*once it is full/);
    await (await running.another()).close();
    await redis("CONFIG", "SET", "maxmemory", "0", "maxmemory-policy", "noeviction");
    expect(policyWarning(await memoryPolicy(running.redis.redis))).toBeUndefined();
  });
});

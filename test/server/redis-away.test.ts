import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEmbedded } from "../../src/redis/embedded.ts";
import { eventually } from "../support/eventually.ts";
import { type RunningApp, startApp, twoSteps } from "./running-app.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.close());

describe("the API while Redis is away", () => {
  test("answers 503 redis_unavailable with Retry-After, /health unhealthy, and an open stream goes on when Redis is back", async () => {
    const { client, redis, simulator, url } = running;
    await simulator.down("openai", { kind: "hold" });
    const { id } = await client.submit({ definition: twoSteps, input: { topic: "away" } });
    const types: string[] = [];
    const reading = (async () => {
      for await (const { type } of client.events(id)) types.push(type);
    })();
    await eventually(() => expect(types).toContain("step.started"));
    process.kill(redis.pid, "SIGKILL");

    const health = await eventually(async () => {
      const answer = await fetch(`${url}/health`);
      expect(answer.status).toBe(503);
      return answer;
    });
    expect(await health.json()).toMatchObject({
      status: "unhealthy",
      code: "redis_unavailable",
      fix: expect.any(String),
    });
    const list = await fetch(`${url}/v1/runs`);
    expect([list.status, list.headers.get("retry-after")]).toEqual([503, "1"]);
    await expect(client.submit({ definition: twoSteps, input: { topic: "x" } })).rejects.toMatchObject({
      code: "redis_unavailable",
    });

    const revived = await startEmbedded({ directory: redis.directory, port: redis.port });
    try {
      await simulator.up("openai");
      await reading;
      expect(types.at(-1)).toBe("run.succeeded");
      const history = (await client.history(id)).map(({ type }) => type);
      expect(types).toEqual(history);
      await running.app.close();
    } finally {
      await revived.close();
    }
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect, ready } from "../../src/redis/connection.ts";
import { RateStore } from "../../src/server/rate-store.ts";
import { eventually } from "../support/eventually.ts";
import { type RunningApp, startApp } from "./running-app.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp({ SWITCHYARD_RATE_LIMIT: "5" });
});
afterAll(() => running.close());

describe("requests a minute", () => {
  test("are counted over all servers and routes, what is answered to anybody is not; the next one is a 429 with Retry-After", async () => {
    const other = await running.another();
    const { url } = running;
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) statuses.push((await fetch(`${url}/v1/runs`)).status, (await fetch(`${url}/`)).status);
    await other.client.list();
    statuses.push((await fetch(`${url}/v1/workflows`)).status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    await expect(other.client.list()).rejects.toMatchObject({ code: "rate_limited", status: 429 });
    const refused = await fetch(`${url}/v1/runs`);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ code: "rate_limited", details: { limit: 5 } });
    const said = ["limit", "remaining", "reset"].map((name) => Number(refused.headers.get(`x-ratelimit-${name}`)));
    expect(said).toEqual([5, 0, expect.toSatisfy((seconds: number) => seconds > 0 && seconds <= 60)]);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    await other.close();
  });

  test("are not counted while Redis does not answer, and only the first request waits for it", async () => {
    const { redis } = running;
    const connection = connect(redis.url, "impatient", () => undefined);
    await ready(connection);
    const store = new RateStore(connection, "waits:");
    const count = () =>
      new Promise<unknown>((told) => store.incr("ada", (error, result) => told(error ?? result), 60_000));
    expect(await count()).toMatchObject({ current: 1 });
    process.kill(redis.pid, "SIGSTOP");
    try {
      expect(await count()).toBeInstanceOf(Error);
      let answer: unknown;
      store.incr("ada", (error) => (answer = error), 60_000);
      // At once: nothing was waited for.
      expect(answer).toBeInstanceOf(Error);
    } finally {
      process.kill(redis.pid, "SIGCONT");
    }
    await eventually(async () => expect(await count()).toMatchObject({ ttl: expect.any(Number) }));
    connection.disconnect();
  });
});

import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../../src/redis/connection.ts";
import { freePort } from "../../src/redis/embedded.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";

let server: TestRedis;
beforeAll(async () => {
  server = await testRedis();
});
afterAll(() => server.close());

const told = (redis: Redis, event: "reconnecting" | "end") => new Promise((done) => redis.once(event, done));

test.each([["itself"], ["a second one of its kind"]])(
  "a patient connection that waits for its next try ends when it is told to, and what waits for Redis fails: %s",
  async (which) => {
    const first = connect(`redis://127.0.0.1:${await freePort()}`, "patient", () => undefined);
    const redis = which === "itself" ? first : first.duplicate();
    redis.on("error", () => undefined);
    await told(redis, "reconnecting");
    const refused = expect(redis.get("a")).rejects.toThrow("Connection is closed");
    const ended = told(redis, "end");
    redis.disconnect();
    await Promise.all([ended, refused]);
    await expect(redis.get("a")).rejects.toThrow("Connection is closed");
    first.disconnect();
  },
);

describe("a patient connection under load", () => {
  test("sends a command at once: what a worker commits does not wait for what other jobs compute in that turn", async () => {
    const redis = connect(server.url, "patient", () => undefined);
    await redis.ping();
    const committed = redis.set("committed", "1");
    expect([redis.stream.writableCorked, redis.stream.writableLength]).toEqual([0, 0]);
    await committed;
    redis.disconnect();
  });

  test("answers each command, in its order, also where the socket breaks meanwhile", async () => {
    const redis = connect(server.url, "patient", () => undefined);
    for (let round = 1; round <= 5; round++) {
      const said = Array.from({ length: 30 }, (_, index) => `${round} ${index}`);
      await redis.ping();
      const echoes = said.map((text) => redis.echo(text));
      if (round % 2 === 0) redis.stream.destroy();
      expect(await Promise.all(echoes)).toEqual(said);
    }
    redis.disconnect();
  });
});

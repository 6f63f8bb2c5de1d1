import type { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { connect } from "../../src/redis/connection.ts";
import { freePort } from "../../src/redis/embedded.ts";
import { testRedis } from "../support/redis.ts";

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
  test("answers each command, in its order, also where the socket breaks before they are written", async () => {
    const server = await testRedis();
    const redis = connect(server.url, "patient", () => undefined);
    for (let round = 1; round <= 5; round++) {
      const said = Array.from({ length: 30 }, (_, index) => `${round} ${index}`);
      await redis.ping();
      const echoes = said.map((text) => redis.echo(text));
      if (round % 2 === 0) redis.stream.destroy();
      expect(await Promise.all(echoes)).toEqual(said);
    }
    expect(redis.stream.writableCorked).toBe(0);
    redis.disconnect();
    await server.close();
  });

  test("sends what comes alone at once, and what comes after it is corked no longer than that", async () => {
    const server = await testRedis();
    const redis = connect(server.url, "patient", () => undefined);
    for (let n = 0; n < 20; n++) expect(await redis.echo(String(n))).toBe(String(n));
    const transaction = redis.multi().set("a", 1).incr("a").get("a").exec();
    expect(await transaction).toEqual([
      [null, "OK"],
      [null, 2],
      [null, "2"],
    ]);
    redis.disconnect();
    await server.close();
  });
});

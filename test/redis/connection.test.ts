import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import { connect } from "../../src/redis/connection.ts";
import { freePort } from "../../src/redis/embedded.ts";

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

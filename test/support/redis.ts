import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { type EmbeddedRedis, startEmbedded } from "../../src/redis/embedded.ts";

/** A Redis server of the test file's own, with one connection to it. */
export interface TestRedis extends EmbeddedRedis {
  readonly redis: Redis;
  readonly directory: string;
}

/** Starts a private redis-server and checks that the one that answers is the process that was started. */
export async function testRedis(): Promise<TestRedis> {
  const directory = mkdtempSync(join(tmpdir(), "switchyard-redis-"));
  const server = await startEmbedded({ directory });
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  redis.on("error", () => undefined);
  const info = await redis.info("server");
  if (!info.includes(`process_id:${server.pid}`)) throw new Error("another Redis answers on the test's port");
  return {
    ...server,
    redis,
    directory,
    async close() {
      redis.disconnect();
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

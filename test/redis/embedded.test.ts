import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, describe, expect, test } from "vitest";
import { startEmbedded } from "../../src/redis/embedded.ts";
import { eventually } from "../support/eventually.ts";

const directory = mkdtempSync(join(tmpdir(), "switchyard-embedded-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** A server in the folder, and a client of it that does not come back when it is gone. */
async function started() {
  const server = await startEmbedded({ directory });
  const redis = new Redis(server.url, { retryStrategy: () => null });
  redis.on("error", () => undefined);
  return { server, redis };
}

/** A value is written, and no part of it waits to be appended to the file. */
async function written(redis: Redis, value: string): Promise<void> {
  await redis.set("kept", value);
  await eventually(async () => expect(await redis.info("persistence")).toContain("aof_buffer_length:0\r\n"));
}

const isThere = (pid: number) => () => process.kill(pid, 0);

/** What the next server of the folder has. */
async function kept(): Promise<string | null> {
  const { server, redis } = await started();
  const value = await redis.get("kept");
  redis.disconnect();
  await server.close();
  return value;
}

describe("closing an embedded Redis", () => {
  test("is heard by one that is well: it ends by itself, long before it would be killed", async () => {
    const { server, redis } = await started();
    await written(redis, "well");
    await server.close(2 ** 31 - 1);
    expect(isThere(server.pid)).toThrow("ESRCH");
    expect(await kept()).toBe("well");
  });

  test("ends one that stands still, and the next one has what it had acknowledged", async () => {
    const { server, redis } = await started();
    await written(redis, "stopped");
    process.kill(server.pid, "SIGSTOP");
    await server.close(50);
    expect(isThere(server.pid)).toThrow("ESRCH");
    expect(await kept()).toBe("stopped");
  });

  test("ends one that executes a script without an end", async () => {
    const { server, redis } = await started();
    await written(redis, "busy");
    await redis.config("SET", "busy-reply-threshold", "1");
    const script = redis.eval("while true do end", 0).catch((error: Error) => error.message);
    const other = new Redis(server.url, { enableReadyCheck: false, retryStrategy: () => null });
    await eventually(() => expect(other.ping()).rejects.toThrow("BUSY"));
    other.disconnect();
    await server.close(50);
    expect(isThere(server.pid)).toThrow("ESRCH");
    expect(await script).toContain("closed");
    expect(await kept()).toBe("busy");
  });

  test("changes nothing where it has ended, and may be asked for twice", async () => {
    const { server } = await started();
    await Promise.all([server.close(), server.close()]);
    await server.close();
    expect(isThere(server.pid)).toThrow("ESRCH");
  });
});

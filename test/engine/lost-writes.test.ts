import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Definitions } from "../../src/engine/definitions.ts";
import { startEmbedded } from "../../src/redis/embedded.ts";
import { eventually } from "../support/eventually.ts";
import { kinds } from "../workflow/support/define.ts";
import { type EngineUnderTest, engineUnderTest } from "./engine-under-test.ts";

let engine: EngineUnderTest;
beforeAll(async () => {
  engine = await engineUnderTest();
});
afterAll(() => engine?.close());

/** Where each command of an append-only file ends, in bytes. A command is `*n` and n times `$length` with the value. */
function commandEnds(file: Buffer): readonly number[] {
  const ends: number[] = [];
  const number = (at: number) => Number(file.toString("latin1", at + 1, file.indexOf("\r\n", at)));
  const behindLine = (at: number) => file.indexOf("\r\n", at) + 2;
  for (let at = 0; at < file.length; ) {
    let parts = number(at);
    at = behindLine(at);
    for (; parts > 0; parts--) at = behindLine(at) + number(at) + 2;
    ends.push(at);
  }
  return ends;
}

/** The server as it comes back with so many bytes of its append-only file. */
async function withBytes<T>(bytes: number, look: (redis: Redis) => Promise<T>): Promise<T> {
  const from = join(engine.server.directory, "appendonlydir");
  const directory = mkdtempSync(join(tmpdir(), "switchyard-lost-"));
  mkdirSync(join(directory, "appendonlydir"));
  for (const name of readdirSync(from)) {
    const content = readFileSync(join(from, name));
    writeFileSync(
      join(directory, "appendonlydir", name),
      name.endsWith(".incr.aof") ? content.subarray(0, bytes) : content,
    );
  }
  const server = await startEmbedded({ directory });
  const redis = new Redis(server.url);
  try {
    return await look(redis);
  } finally {
    redis.disconnect();
    await server.close();
    rmSync(directory, { recursive: true });
  }
}

describe("a Redis that loses its last writes", () => {
  test("keeps no run that is not on the list of open ones, wherever in a submission it breaks off", async () => {
    const file = join(engine.server.directory, "appendonlydir", "appendonly.aof.1.incr.aof");
    const before = readFileSync(file).length;
    const runId = await engine.submit([{ id: "s0" }, { id: "s1" }], { timeout: "1h" });
    const ends = await eventually(() => {
      const found = commandEnds(readFileSync(file)).filter((end) => end > before);
      expect(found.length).toBeGreaterThan(5);
      return found;
    });
    const seen: { readonly isThere: boolean; readonly isListed: boolean }[] = [];
    for (const end of ends) {
      const [isThere, place] = await withBytes(end, (redis) =>
        Promise.all([redis.exists(engine.keys.run(runId).run), redis.zscore(engine.keys.openRuns, runId)]),
      );
      seen.push({ isThere: isThere === 1, isListed: place !== null });
    }
    expect(seen.filter(({ isThere, isListed }) => isThere && !isListed)).toEqual([]);
    expect(seen.at(-1)).toEqual({ isThere: true, isListed: true });
  });

  test("may give a version's number to another definition: nobody goes on with the one that was lost", async () => {
    const { redis } = engine.server;
    const process = engine.server.redis.duplicate();
    const definitions = new Definitions(process, engine.keys, kinds);
    const definition = (id: string) => definitions.check({ name: "lost", steps: [{ id, noop: {} }] });
    await definitions.store(definition("first"));
    await definitions.store(definition("lost"));
    await redis.del(engine.keys.workflow("lost"));
    await redis.client("KILL", "ID", await process.client("ID"));
    await eventually(() => expect(process.status).toBe("ready"));
    await definitions.store(definition("first"));
    expect((await definitions.store(definition("other"))).version).toBe(2);
    expect([...(await definitions.load("lost", 2)).compiled.steps.keys()]).toEqual(["other"]);
    process.disconnect();
  });
});

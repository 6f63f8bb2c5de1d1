import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { GatheringRedis } from "../../src/redis/gathering-redis.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";

type Commands = Record<string, (...args: unknown[]) => Promise<unknown>>;

/** Says what it is told to, for each kind of reply that a script may give. */
const say = `local replies = { none = nil, no = false, yes = true, number = -3, text = 'é', list = { 1, 'two', { 'three', false } }, empty = {}, status = redis.status_reply('FINE') }
if ARGV[1] == 'refused' then return redis.call('LPUSH', KEYS[1], 'x') end
if ARGV[1] == 'broken' then return nothing.at.all end
if ARGV[1] == 'told' then return redis.error_reply('MINE for a reason') end
return replies[ARGV[1]]`;
const replies = ["none", "no", "yes", "number", "text", "list", "empty", "status"];
const errors = ["refused", "broken", "told"];
const push = (mark: string) => `redis.call('RPUSH', KEYS[1], '${mark}' .. ARGV[1]) return ARGV[1]`;

let server: TestRedis;
let redis: GatheringRedis;
let plain: Redis;

beforeAll(async () => {
  server = await testRedis();
  redis = new GatheringRedis(server.url, { maxRetriesPerRequest: null });
  plain = new Redis(server.url);
  for (const connection of [redis, plain]) {
    connection.defineCommand("say", { lua: say });
    connection.defineCommand("a", { lua: push("a"), numberOfKeys: 1 });
    connection.defineCommand("b", { lua: push("b"), numberOfKeys: 1 });
  }
});

beforeEach(async () => {
  await plain.flushall();
});

afterAll(async () => {
  redis.disconnect();
  plain.disconnect();
  await server.close();
});

test("a script that is called in a pipeline or a transaction is one of its commands", async () => {
  for (const several of [redis.pipeline(), redis.multi()]) {
    const scripted = several as unknown as Commands;
    scripted.a?.("list", "1");
    scripted.b?.("list", "2");
    expect(await several.exec()).toEqual([
      [null, "1"],
      [null, "2"],
    ]);
  }
  expect(await plain.lrange("list", 0, -1)).toEqual(["a1", "b2", "a1", "b2"]);
});

describe("calls of one script in one turn", () => {
  test("are one command, and each has the answer that it has alone", async () => {
    await plain.set("key", "no list");
    const alone = await Promise.allSettled([...replies, ...errors].map((word) => ask(plain, word)));
    await plain.config("RESETSTAT");
    const together = await Promise.allSettled([...replies, ...errors].map((word) => ask(redis, word)));
    expect(told(together)).toEqual(told(alone));
    expect(together.filter(({ status }) => status === "rejected")).toHaveLength(errors.length);
    expect(await scriptsExecuted()).toBe(1);
  });

  test("one that has nobody beside it is sent as it is", async () => {
    await plain.config("RESETSTAT");
    expect(await ask(redis, "text")).toBe("é");
    expect(await scriptsExecuted()).toBe(1);
  });

  test("more than 16 are several commands", async () => {
    await plain.config("RESETSTAT");
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => commands(redis).a?.("list", index)));
    expect(answers).toEqual(Array.from({ length: 40 }, (_, index) => String(index)));
    expect(await plain.llen("list")).toBe(40);
    expect(await scriptsExecuted()).toBe(3);
  });

  test("binary arguments arrive as they are", async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 128]);
    await Promise.all([commands(redis).a?.(["list", bytes]), commands(redis).a?.(["list", Buffer.alloc(0)])]);
    const [first, second] = await plain.lrangeBuffer("list", 0, -1);
    expect([first?.subarray(1), second?.toString()]).toEqual([bytes, "a"]);
  });
});

test("whatever is given, alone or in a pipeline, in one turn or in several, is executed in the order in which it was given", async () => {
  const operation = fc.constantFrom("a", "b", "plain", "pipeline", "multi", "turn");
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 60 }), async (operations) => {
      await plain.del("list");
      const answers: unknown[] = [];
      const expected: string[] = [];
      for (const [index, how] of operations.entries()) {
        if (how === "turn") await new Promise(setImmediate);
        else {
          expected.push(`${how}${index}`);
          if (how === "pipeline" || how === "multi") expected.push(`a${index}`);
          answers.push(give(how, index));
        }
      }
      await Promise.all(answers);
      expect(await plain.lrange("list", 0, -1)).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

test("a connection that is closed answers every call that waits", async () => {
  const other = new GatheringRedis(server.url, { maxRetriesPerRequest: null });
  other.defineCommand("say", { lua: say });
  await ask(other, "yes");
  const waiting = [ask(other, "yes"), ask(other, "no")];
  other.disconnect();
  const ends = await Promise.allSettled([...waiting, ask(other, "text")]);
  expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
});

test("a server that has forgotten its scripts is told them again", async () => {
  await Promise.all([ask(redis, "yes"), ask(redis, "no")]);
  await plain.script("FLUSH");
  expect(await Promise.all([ask(redis, "yes"), ask(redis, "no"), ask(redis, "number")])).toEqual([1, null, -3]);
  await plain.script("FLUSH");
  expect(await ask(redis, "text")).toBe("é");
});

function commands(connection: Redis): Commands {
  return connection as unknown as Commands;
}

function ask(connection: Redis, word: string): Promise<unknown> {
  return commands(connection).say?.(1, "key", word) ?? Promise.reject(new Error("no such script"));
}

function give(how: string, index: number): Promise<unknown> | undefined {
  if (how === "plain") return redis.rpush("list", `plain${index}`);
  if (how === "pipeline" || how === "multi") {
    const several = redis[how]().rpush("list", `${how}${index}`);
    (several as unknown as Commands).a?.("list", index);
    return several.exec();
  }
  return commands(redis)[how]?.("list", index);
}

/** What came of calls, and what errors say without the hash of the script that they came from. */
function told(results: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return results.map((result) =>
    result.status === "fulfilled" ? result.value : String(result.reason.message).split(/ script: |user_script/)[0],
  );
}

async function scriptsExecuted(): Promise<number> {
  const stats = await plain.info("commandstats");
  const calls = [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].map(([, count]) => Number(count));
  return calls.reduce((sum, count) => sum + count, 0);
}

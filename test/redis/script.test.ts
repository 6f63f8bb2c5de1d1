import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ForeignScript, loadScript, type Script } from "../../src/redis/script.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";

let server: TestRedis;
const directory = mkdtempSync(join(tmpdir(), "switchyard-lua-"));
beforeAll(async () => {
  server = await testRedis();
});
afterAll(async () => {
  await server?.close();
  rmSync(directory, { recursive: true, force: true });
});

function script(name: string, lua: string, foreign?: Readonly<Record<string, ForeignScript>>): Script {
  const file = join(directory, `${name}.lua`);
  writeFileSync(file, lua);
  return loadScript(name, pathToFileURL(file), foreign);
}

describe("a script's arguments", () => {
  const texts = fc.array(
    fc.oneof(fc.string({ unit: "binary" }), fc.string(), fc.constantFrom("", "null", "\0", "\u2028")),
  );

  test("arrive as they were sent, whatever characters they have", async () => {
    const echo = script("echo", "return ARGV");
    await fc.assert(
      fc.asyncProperty(texts, async (args) => {
        expect(await echo.run(server.redis, [], args)).toEqual(args.map((text) => text.toWellFormed()));
      }),
      { numRuns: 200 },
    );
  });

  test("arrive as text where they are numbers", async () => {
    const types = script(
      "types",
      "local out = {} for i, value in ipairs(ARGV) do out[i] = type(value) .. ' ' .. value end return out",
    );
    const reply = await types.run(server.redis, [], [0, -1, 1.5, 1_795_401_112_987, 0.000_001]);
    expect(reply).toEqual(["string 0", "string -1", "string 1.5", "string 1795401112987", "string 0.000001"]);
  });

  test("leave the keys alone, and survive a Redis that forgets its scripts", async () => {
    const both = script("both", "return { KEYS[1], #KEYS, ARGV[2] }");
    expect(await both.run(server.redis, ["a key"], ["x", "y"])).toEqual(["a key", 1, "y"]);
    await server.redis.script("FLUSH");
    expect(await both.run(server.redis, ["a key"], ["x", "y"])).toEqual(["a key", 1, "y"]);
  });
});

describe("a foreign script in one of ours", () => {
  /** As BullMQ's are: KEYS, ARGV, packed tables, a value of its own returned from its middle. */
  const foreign = {
    keys: 2,
    content: `local packed = cmsgpack.unpack(ARGV[2])
local function named(value) return value or 'nothing' end
if packed[2] then return { 'two' } end
return { KEYS[1], KEYS[2], ARGV[1], #ARGV, packed[1], named(packed[2]), packed[3].deep .. named(packed[3].none) }`,
  };

  test("has its own keys and arguments, those that it unpacks as tables, and nil where JSON has null", async () => {
    const ours = script("ours", "return { call(2, 4), call(6, 4), ARGV[1], KEYS[1] }", { call: foreign });
    const values = ["k1", "k2", "a1", ["first", null, { deep: "down", none: null }]];
    const given = ["mine", ...values, "k3", "k4", "a2", ["again", null, { deep: "er" }]];
    expect(await ours.run(server.redis, ["own key"], given)).toEqual([
      ["k1", "k2", "a1", 2, "first", "nothing", "downnothing"],
      ["k3", "k4", "a2", 2, "again", "nothing", "ernothing"],
      "mine",
      "own key",
    ]);
  });
});

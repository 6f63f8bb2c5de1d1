import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { functionHandler } from "../../src/steps/function.ts";
import type { StepOutcome, StepWork } from "../../src/steps/handler.ts";
import { describeHandler, workOf } from "./handler-suite.ts";

const secret = "t0p-Secret-4711";
const folder = join(import.meta.dirname, "functions");
const handler = functionHandler({
  modules: { folder, packages: ["jsonrepair"] },
  env: { SHOP_TOKEN: secret, UNSET: null },
});

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "switchyard-functions-"));
});
afterAll(() => rmSync(scratch, { recursive: true }));

function call(
  name: string,
  input: Json = null,
  more: JsonObject = {},
  work: Partial<StepWork> = {},
): Promise<StepOutcome> {
  return handler.execute(workOf({ module: "./orders.mjs", export: name, input, ...more }, work));
}

describeHandler("function", async () => {
  const state = join(mkdtempSync(join(tmpdir(), "switchyard-function-")), "functions");
  mkdirSync(state);
  const module = join(state, "work.mjs");
  const world = { how: "well", begun: 0 };
  Object.assign(globalThis, { switchyardTestWorld: world });
  writeFileSync(
    module,
    `export default async (_input, { signal }) => {
      const world = globalThis.switchyardTestWorld;
      world.begun += 1;
      if (world.how === "hang") await new Promise(() => {});
      if (world.how !== "well") throw Object.assign(new Error("no"), { retryable: world.how === "now" });
      return { fine: true };
    };`,
  );
  const known = functionHandler({ modules: { folder: state, packages: [] }, env: {} });
  let body = { module: "./work.mjs" };
  return {
    handler: known,
    get body() {
      return body;
    },
    async heal() {
      world.how = "well";
      body = { module: "./work.mjs" };
    },
    async breakForGood() {
      world.how = "good";
    },
    async breakForNow() {
      world.how = "now";
    },
    async defer() {
      body = { module: "./elsewhere.mjs" };
    },
    async hang() {
      world.how = "hang";
      const before = world.begun;
      return () => world.begun > before;
    },
    close: async () => rmSync(join(state, ".."), { recursive: true }),
  };
});

describe("a function", () => {
  test.each<[string, string | undefined, Json, Json]>([
    ["that is the default export", undefined, { a: 1 }, { got: { a: 1 }, run: "run_1" }],
    ["that is a named one", "total", { items: [{ price: 2 }, { price: 3 }] }, 5],
    ["that answers later", "later", 7, { later: 7 }],
    ["that gives back a list", "given", [1, null, "x"], [1, null, "x"]],
    ["that returns nothing gives null", "nothing", null, null],
    ["whose values know their JSON", "dated", null, { at: "1970-01-01T00:00:00.000Z" }],
  ])("%s", async (_what, name, input, output) => {
    const body = { module: "./orders.mjs", input, ...(name === undefined ? {} : { export: name }) };
    expect(await handler.execute(workOf(body))).toMatchObject({ type: "succeeded", output });
  });

  test.each([
    ["as what a CommonJS module exports", "./legacy.cjs", undefined, 1, { legacy: 1 }],
    ["as a member of that", "./legacy.cjs", "named", 1, "named"],
    ["of a package that is listed", "jsonrepair", "jsonrepair", "{a:1}", '{"a":1}'],
  ])("%s", async (_what, module, name, input, output) => {
    const body = { module, input, ...(name === undefined ? {} : { export: name }) };
    expect(await handler.execute(workOf(body))).toMatchObject({ type: "succeeded", output });
  });

  test("is told run, step, attempt, key, and the variables that are set", async () => {
    const outcome = await call("context", null, {}, { attempt: 3, idempotencyKey: "key" });
    expect(outcome).toMatchObject({
      output: { runId: "run_1", stepId: "s1", attempt: 3, idempotencyKey: "key", fires: true },
    });
  });

  test("gets the variables' values, and none of them is recorded", async () => {
    const outcome = await call("context");
    expect(outcome).toMatchObject({ output: { env: { SHOP_TOKEN: "***" } } });
    const thrown = await call("throws", { message: `bad token ${secret}` });
    expect(thrown).toMatchObject({ type: "failed", error: { message: "bad token ***" } });
  });

  test("is ended by its signal, also where it listens", async () => {
    for (const name of ["listens", "forEver"]) {
      const stop = new AbortController();
      const working = call(name, null, {}, { signal: stop.signal });
      stop.abort("stopping");
      expect(await working).toMatchObject({ type: "failed", error: { code: "cancelled" } });
    }
  });
});

describe("what a function throws", () => {
  test.each<[string, JsonObject, boolean]>([
    ["fails the attempt", {}, true],
    ["with retryable: true fails the attempt", { retryable: true }, true],
    ["with retryable: false fails the step", { retryable: false }, false],
  ])("%s", async (_what, input, retryable) => {
    const outcome = await call("throws", input);
    expect(outcome).toMatchObject({
      type: "failed",
      retryable,
      error: { code: "function_failed", message: "no stock" },
    });
  });

  test.each([
    ["throwsText", "no stock"],
    ["throwsNothing", "undefined"],
    ["typed", "TypeError: not a number"],
  ])("%s is told", async (name, message) => {
    expect(await call(name)).toMatchObject({ error: { code: "function_failed", message } });
  });
});

describe("what a function returns", () => {
  test.each(["circle", "big", "func"])("%s, which is no JSON, fails the step", async (name) => {
    expect(await call(name)).toMatchObject({ type: "failed", retryable: false, error: { code: "function_failed" } });
  });

  const output = { type: "object", required: ["id"], properties: { id: { type: "integer" }, n: { default: 1 } } };

  test("is checked against the step's schema, whose defaults are filled in", async () => {
    expect(await call("given", { id: 7 }, { output })).toMatchObject({ output: { id: 7, n: 1 } });
    const wrong = await call("given", { id: "x" }, { output });
    expect(wrong).toMatchObject({ type: "failed", retryable: false, error: { code: "output_invalid" } });
  });
});

describe("a module that this worker does not know", () => {
  test.each<[string, JsonObject, string]>([
    ["no such file", { module: "./elsewhere.mjs" }, "has no ./elsewhere.mjs"],
    ["no such function", { module: "./orders.mjs", export: "totl" }, "It has default, total"],
    ["an export that is no function", { module: "./orders.mjs", export: "text" }, "has no function text"],
    ["a package that is not listed", { module: "yaml" }, "SWITCHYARD_FUNCTION_PACKAGES does not list yaml"],
  ])("(%s) leaves the run to others", async (_what, body, reason) => {
    const outcome = await handler.execute(workOf(body));
    expect(outcome).toMatchObject({ type: "deferred", error: { code: "function_unknown" } });
    expect(outcome.type === "deferred" && outcome.reason).toContain(reason);
  });

  test("without a functions folder says which setting names one", async () => {
    const without = functionHandler({ modules: { folder: null, packages: [] }, env: {} });
    const outcome = await without.execute(workOf({ module: "./orders.mjs" }));
    expect(outcome.type === "deferred" && outcome.reason).toContain("SWITCHYARD_FUNCTIONS");
  });

  test("comes back after waits that grow with what it has waited, up to a minute", async () => {
    const delays = [0, 1_000, 4_000, 40_000, 4_000_000].map(async (waitedMs) => {
      const outcome = await call("totl", null, {}, { waitedMs });
      return outcome.type === "deferred" && outcome.delayMs;
    });
    expect(await Promise.all(delays)).toEqual([1_000, 1_000, 4_000, 40_000, 60_000]);
  });

  test("is looked for anew each time", async () => {
    const late = functionHandler({ modules: { folder: scratch, packages: [] }, env: {} });
    const body = { module: "./late.mjs", export: "given", input: 1 };
    expect(await late.execute(workOf(body))).toMatchObject({ type: "deferred" });
    copyFileSync(join(folder, "orders.mjs"), join(scratch, "late.mjs"));
    expect(await late.execute(workOf(body))).toMatchObject({ type: "succeeded", output: 1 });
  });

  test("behind a link that leads out of the folder is none of its modules", async () => {
    const inner = join(scratch, "inner");
    mkdirSync(inner);
    writeFileSync(join(scratch, "outside.mjs"), "export default () => 1;");
    symlinkSync(join(scratch, "outside.mjs"), join(inner, "link.mjs"));
    const guarded = functionHandler({ modules: { folder: inner, packages: [] }, env: {} });
    const outcome = await guarded.execute(workOf({ module: "./link.mjs" }));
    expect(outcome.type === "deferred" && outcome.reason).toContain("leads out of");
  });
});

test("a module that cannot be loaded fails the attempt and says why", async () => {
  const outcome = await handler.execute(workOf({ module: "./broken.mjs" }));
  expect(outcome).toMatchObject({ type: "failed", retryable: true, error: { code: "function_failed" } });
  expect(outcome.type === "failed" && outcome.error.message).toContain("the price list is missing");
});

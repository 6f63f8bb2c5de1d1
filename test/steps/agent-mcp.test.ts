import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import type { StepOutcome } from "../../src/steps/handler.ts";
import { eventually } from "../support/eventually.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";
import { type Heard, type Said, type ScriptedModel, scriptedModel } from "../support/scripted-model.ts";
import { agentUnderTest, dispatchOf, rendered } from "./agent-under-test.ts";

const program = resolve(import.meta.dirname, "../support/mcp-tools.mjs");
const secret = "open-4711";

let redis: TestRedis;
let model: ScriptedModel;
let folder: string;
let log: string;
let http: ChildProcess;
let url: string;
let under: ReturnType<typeof agentUnderTest>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "switchyard-mcp-"));
  log = join(folder, "log");
  [redis, model] = await Promise.all([testRedis(), scriptedModel()]);
  http = spawn(process.execPath, [program, "--http"], { env: { MCP_LOG: log }, stdio: ["ignore", "pipe", "inherit"] });
  url = await firstLine(http);
  const mcpCommands = ["other-program", `${process.execPath} ${program}`];
  under = agentUnderTest(redis, { env: model.env, mcpCommands, stepEnv: { MCP_TOKEN: secret } });
});
afterAll(async () => {
  await under?.close();
  http?.kill("SIGKILL");
  await model?.close();
  await redis?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => writeFileSync(log, ""));

function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (!stdout) throw new Error("no stdout");
  return new Promise((done) => createInterface({ input: stdout }).once("line", done));
}

const lines = () => readFileSync(log, "utf8").split("\n").filter(Boolean);
const stdio = (more: JsonObject = {}): JsonObject => ({
  command: process.execPath,
  args: [program],
  env: { MCP_LOG: log },
  ...more,
});
const overHttp = (more: JsonObject = {}): JsonObject => ({
  url,
  headers: { authorization: "Bearer {{ env.MCP_TOKEN }}" },
  ...more,
});

/** The model makes these calls, then ends. */
const asks =
  (...calls: readonly { readonly name: string; readonly args: object }[]) =>
  ({ turns }: Heard): Said =>
    turns === 0 ? { calls } : { text: "Done." };

async function run(body: JsonObject, more = {}): Promise<StepOutcome> {
  const work = await rendered({ prompt: "Do it.", ...body }, {}, under.handler.env);
  return dispatchOf(work).execute(under.handler, more);
}

describe.each([
  ["a process", stdio],
  ["an address", overHttp],
])("an MCP server that is %s", (_what, server) => {
  test("brings in all its tools, under names that models take; it is closed at the end", async () => {
    model.says(asks({ name: "add", args: { a: 2, b: 3 } }, { name: "files_read", args: { path: "x" } }));
    expect(await run({ mcp: [{ server: server() }] })).toMatchObject({ type: "succeeded", output: "Done." });
    expect(model.heard[0]?.tools).toEqual(["add", "files_read", "fail", "variable", "key", "pid", "die", "slow"]);
    expect(model.heard[1]?.results).toEqual(["5", "read x\n[image image/png]"]);
    await eventually(() => expect(lines().at(-1)).toBe("close"));
  });

  test("brings in those that are listed, behind a prefix", async () => {
    model.says(asks({ name: "calc_add", args: { a: 2, b: 3 } }));
    await run({ mcp: [{ server: server(), tools: ["add", "fail"], prefix: "calc_" }] });
    expect(model.heard[0]?.tools).toEqual(["calc_add", "calc_fail"]);
    expect(model.heard[1]?.results).toEqual(["5"]);
  });

  test("gives single tools, under names and words of the author's, over one connection", async () => {
    model.says(asks({ name: "sum", args: { a: 1, b: 1 } }, { name: "who", args: {} }));
    const tool = (name: string, of: string) => ({ name, mcp: { server: server(), tool: of } });
    await run({ tools: [{ ...tool("sum", "add"), description: "Sums" }, tool("who", "pid")] });
    expect(JSON.stringify(model.heard[0]?.request.body.tools)).toContain('"Sums"');
    expect(model.heard[1]?.results[0]).toBe("2");
    expect(lines().filter((line) => line.startsWith("open"))).toHaveLength(1);
  });

  test("has its arguments checked here, its failures told to the model, and the call's key at hand", async () => {
    const wrong = { name: "add", args: { a: "two", b: 3 } };
    model.says(asks(wrong, { name: "fail", args: {} }, { name: "key", args: {} }));
    expect(await run({ mcp: [{ server: server() }] }, { idempotencyKey: "k" })).toMatchObject({ type: "succeeded" });
    expect(model.heard[1]?.results).toEqual([expect.stringContaining('"a" must be number'), "it is broken", "k-t1-3"]);
    expect(lines().filter((line) => line.startsWith("call add"))).toEqual([]);
  });

  test("that takes too long is given up for that call", async () => {
    model.says(asks({ name: "slow", args: {} }));
    expect(await run({ mcp: [{ server: server() }], tool_timeout: "100ms" })).toMatchObject({ type: "succeeded" });
    expect(model.heard[1]?.results[0]).toContain("longer than 0.1 s");
  });

  test("has no such tool: the step fails and says which there are", async () => {
    const outcome = await run({ mcp: [{ server: server(), tools: ["sub"] }] });
    expect(outcome).toMatchObject({ type: "failed", error: { code: "mcp_failed" } });
    expect(outcome).toMatchObject({
      error: { message: expect.stringContaining("has no tool sub; it has add, files.read") },
    });
  });

  test("ends when the step must end in the middle of a call", async () => {
    model.says(asks({ name: "slow", args: {} }));
    const stop = new AbortController();
    const running = run({ mcp: [{ server: server() }] }, { signal: stop.signal });
    await eventually(() => expect(lines().some((line) => line.startsWith("call slow"))).toBe(true));
    stop.abort("stopping");
    expect(await running).toMatchObject({ type: "failed", error: { code: "cancelled" } });
    await eventually(() => expect(lines().at(-1)).toBe("close"));
  });
});

describe("a process that serves tools", () => {
  test("sees nothing of the worker's environment but what the definition gives it", async () => {
    process.env.WORKER_SECRET = "do-not-tell";
    const ask = (name: string) => ({ name: "variable", args: { name } });
    model.says(asks(ask("WORKER_SECRET"), ask("GIVEN"), ask("TOKEN")));
    await run({ mcp: [{ server: stdio({ env: { GIVEN: "yes", TOKEN: "{{ env.MCP_TOKEN }}" } }) }] });
    delete process.env.WORKER_SECRET;
    expect(model.heard[1]?.results).toEqual(["(not set)", "yes", "***"]);
  });

  test("that dies fails its call, and is started again for the next one", async () => {
    const script = [
      { name: "die", args: {} },
      { name: "add", args: { a: 1, b: 2 } },
    ];
    model.says(({ turns }) => (script[turns] ? { calls: [script[turns]] } : { text: "Done." }));
    expect(await run({ mcp: [{ server: stdio() }] })).toMatchObject({ type: "succeeded" });
    expect(model.heard[1]?.results[0]).toContain("Connection closed");
    expect(model.heard[2]?.results).toEqual(["3"]);
  });

  test.each([
    ["another program", { command: "/bin/sh", args: ["-c", "true"] }],
    ["the same program with other words", { command: process.execPath, args: ["-e", "1"] }],
  ])("is not started where the settings do not list it: %s", async (_what, server) => {
    const outcome = await run({ mcp: [{ server }] });
    expect(outcome).toMatchObject({ type: "failed", retryable: false, error: { code: "mcp_refused" } });
  });

  test("that is not there fails the attempt; another may find it", async () => {
    const outcome = await run({ mcp: [{ server: { command: "other-program" } }] });
    expect(outcome).toMatchObject({ type: "failed", retryable: true, error: { code: "mcp_failed" } });
    expect(outcome).toMatchObject({ error: { message: expect.stringContaining("MCP server other-program: ") } });
  });
});

describe("an address that serves tools", () => {
  test("that refuses us fails the attempt, and no secret is told, whatever it says", async () => {
    const outcome = await run({
      mcp: [{ server: overHttp({ headers: { authorization: "Bearer {{ env.MCP_TOKEN }}x" } }) }],
    });
    expect(outcome).toMatchObject({ type: "failed", error: { code: "mcp_failed" } });
    expect(JSON.stringify(outcome)).not.toContain(secret);
  });

  test("that is not public is refused", async () => {
    const outcome = await run({ mcp: [{ server: { url: "http://10.11.12.13/mcp" } }] });
    expect(outcome).toMatchObject({ type: "failed", retryable: false, error: { code: "http_refused" } });
  });
});

test("two tools of one name are a mistake that says what to do", async () => {
  const twice = [
    { server: stdio(), tools: ["add"] },
    { server: overHttp(), tools: ["add"] },
  ];
  const outcome = await run({ mcp: twice });
  expect(outcome).toMatchObject({ error: { code: "mcp_failed", message: expect.stringContaining("prefix") } });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import type { RunEvent } from "../../src/core/run.ts";
import { type RunningApp, startApp } from "../server/running-app.ts";
import { eventually } from "../support/eventually.ts";
import { type Heard, type Said, type ScriptedModel, scriptedModel } from "../support/scripted-model.ts";
import { type ToolServer, toolServer } from "../support/tool-server.ts";

let running: RunningApp;
let model: ScriptedModel;
let tools: ToolServer;
let functions: string;
beforeAll(async () => {
  functions = mkdtempSync(join(tmpdir(), "switchyard-functions-"));
  writeFileSync(
    join(functions, "sums.mjs"),
    "export const add = ({ a, b }) => a + b;\nexport const fail = () => { throw new Error('no sums today'); };\n",
  );
  [model, tools] = await Promise.all([scriptedModel(), toolServer()]);
  const env = { ...model.env, SWITCHYARD_HTTP_ALLOW: "127.0.0.1", SWITCHYARD_FUNCTIONS: functions };
  running = await startApp(env);
  await running.client.store(echo);
  await running.client.store(waits);
});
afterAll(async () => {
  await running?.close();
  await model?.close();
  await tools?.close();
  rmSync(functions, { recursive: true, force: true });
});
beforeEach(() => tools.answers(() => ({ ok: true })));

const echo = `name: echo
input: { type: object, required: [text], properties: { text: { type: string } } }
steps:
  - id: s
    transform: input.text
output: "{{ steps.s.output }}"
`;
const waits = `name: waits
steps:
  - id: s
    wait: { signal: go }
output: "went {{ steps.s.output }}"
`;

const any = { type: "object" };
const echoTool = { name: "echo", description: "Says it again", input: any, workflow: { name: "echo" } };
const waitTool = { name: "wait", description: "Waits", input: any, workflow: { name: "waits" } };
const postTool = () => ({
  name: "post",
  description: "Posts",
  input: any,
  http: { method: "POST", url: `${tools.url}/post` },
});

/** A workflow of one agent. */
function definition(agent: JsonObject, step: JsonObject = {}): JsonObject {
  return { name: "an-agent", steps: [{ id: "a", agent: { prompt: "Do it.", ...agent }, ...step }] };
}

const submit = async (agent: JsonObject, step: JsonObject = {}) =>
  (await running.client.submit({ definition: definition(agent, step) })).id;

/** The model asks for these lists of calls in turn, then tells the results of the last. */
const asks =
  (...turns: readonly (readonly { readonly name: string; readonly args: object }[])[]) =>
  ({ turns: said, results }: Heard): Said =>
    turns[said] ? { calls: turns[said] } : { text: results.join(" | ") };

const toolEvents = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === "tool.called" || event.type === "tool.answered" ? [event] : []));

async function childrenOf(id: string, count: number): Promise<readonly string[]> {
  return eventually(async () => {
    const { runs } = await running.client.list({ parent: id });
    expect(runs).toHaveLength(count);
    return runs.map((run) => run.id);
  });
}

describe("a run of an agent", () => {
  test("has its calls, its cost and its tool calls in the history, and its answer as output", async () => {
    model.says(asks([{ name: "post", args: { n: 1 } }]));
    const id = await submit({ tools: [postTool()] });
    const run = await running.client.wait(id);
    expect(run).toMatchObject({ status: "succeeded", output: '{"ok":true}' });
    expect(run.steps[0]).toMatchObject({ kind: "agent", calls: 2, failedCalls: 0, served: { provider: "openai" } });
    expect(run.costUsd).toBeGreaterThan(0);
    expect(tools.hits.map(({ body, key }) => [body, key])).toEqual([[{ n: 1 }, `${id}-a-1-1-t1-1`]]);
    expect(toolEvents(await running.client.history(id))).toMatchObject([
      { type: "tool.called", step: "a", attempt: 1, turn: 1, call: 1, tool: "post" },
      { type: "tool.answered", step: "a", turn: 1, call: 1, tool: "post", ok: true, durationMs: expect.any(Number) },
    ]);
  });

  test("calls functions of the worker's modules, and is told what they throw", async () => {
    const input = { type: "object", properties: { a: { type: "number" }, b: { type: "number" } } };
    const tool = (name: string) => ({
      name,
      description: name,
      input,
      function: { module: "./sums.mjs", export: name },
    });
    model.says(
      asks([
        { name: "add", args: { a: 2, b: 40 } },
        { name: "fail", args: {} },
      ]),
    );
    const run = await running.client.wait(await submit({ tools: [tool("add"), tool("fail")] }));
    expect(run.output).toBe("42 | no sums today");
  });

  test("whose function no worker knows waits for one that does", async () => {
    model.says(asks([{ name: "gone", args: {} }]));
    const tool = { name: "gone", description: "Gone", function: { module: "./gone.mjs" } };
    const id = await submit({ tools: [tool] });
    await eventually(async () => expect((await running.client.get(id)).steps[0]?.status).toBe("waiting"));
    expect(model.heard).toHaveLength(1);
    writeFileSync(join(functions, "gone.mjs"), "export default () => 'here again';\n");
    expect((await running.client.wait(id)).output).toBe("here again");
    expect(model.heard).toHaveLength(2);
  });
});

describe("a tool that is a workflow", () => {
  test("is a run of its own, several side by side; the agent goes on with what became of them", async () => {
    model.says(
      asks([
        { name: "wait", args: {} },
        { name: "wait", args: {} },
        { name: "post", args: {} },
      ]),
    );
    const id = await submit({ tools: [waitTool, postTool()] });
    const [first = "", second = ""] = await childrenOf(id, 2);
    await eventually(async () => expect((await running.client.get(id)).steps[0]?.status).toBe("waiting"));
    await running.client.signal(second, "go", { payload: "second" });
    await eventually(async () => expect((await running.client.get(second)).status).toBe("succeeded"));
    expect((await running.client.get(id)).status).toBe("running");
    await running.client.signal(first, "go", { payload: "first" });
    const run = await running.client.wait(id);
    expect(String(run.output).split(" | ").sort()).toEqual(["went first", "went second", '{"ok":true}']);
    expect(tools.hits).toHaveLength(1);
    expect(model.heard).toHaveLength(2);
    // Parked and woken, no attempt is spent; the calls of all its executions are counted once.
    expect(run.steps[0]).toMatchObject({ attempts: 1, calls: 2 });
    const answered = toolEvents(await running.client.history(id)).filter(({ type }) => type === "tool.answered");
    expect(answered).toHaveLength(3);
  });

  test("takes the arguments as its input, checked as any run's; a refusal is told to the model", async () => {
    model.says(
      asks([
        { name: "echo", args: { text: "hello" } },
        { name: "echo", args: {} },
      ]),
    );
    const run = await running.client.wait(await submit({ tools: [echoTool] }));
    expect(run.output).toMatch(/^hello \| .*text/);
  });

  test("that fails or is cancelled is told to the model", async () => {
    model.says(asks([{ name: "wait", args: {} }]));
    const id = await submit({ tools: [waitTool] });
    const [child = ""] = await childrenOf(id, 1);
    await running.client.cancel(child, { author: "ada" });
    expect((await running.client.wait(id)).output).toBe(`Run ${child} was cancelled.`);
  });

  test("that takes too long is cancelled, and the model is told", async () => {
    model.says(asks([{ name: "wait", args: {} }]));
    const id = await submit({ tools: [{ ...waitTool, timeout: "300ms" }] });
    const [child = ""] = await childrenOf(id, 1);
    expect((await running.client.wait(id)).output).toContain("longer than 0.3 s");
    expect((await running.client.wait(child)).status).toBe("cancelled");
  });
});

describe("cancelling a run", () => {
  test("aborts a tool call that is under way, and nothing more is called", async () => {
    model.says(asks([{ name: "post", args: {} }]));
    let isClosed = false;
    tools.answers((_hit, response) => {
      response.once("close", () => {
        isClosed = true;
      });
      return undefined;
    });
    const id = await submit({ tools: [postTool()] });
    await eventually(() => expect(tools.hits).toHaveLength(1));
    await running.client.cancel(id, { author: "ada" });
    expect((await running.client.wait(id)).status).toBe("cancelled");
    await eventually(() => expect(isClosed).toBe(true), 3_000);
    expect(model.heard).toHaveLength(1);
    expect(toolEvents(await running.client.history(id)).map(({ type }) => type)).toEqual(["tool.called"]);
  });

  test("aborts the model's answer", async () => {
    model.says(() => ({ hold: true }));
    const id = await submit({ tools: [postTool()] });
    await eventually(() => expect(model.heard).toHaveLength(1));
    await running.client.cancel(id, { author: "ada" });
    expect((await running.client.wait(id)).status).toBe("cancelled");
  });

  test("cancels the runs that its tools have started", async () => {
    model.says(
      asks([
        { name: "wait", args: {} },
        { name: "wait", args: {} },
      ]),
    );
    const id = await submit({ tools: [waitTool] });
    const children = await childrenOf(id, 2);
    await running.client.cancel(id, { author: "ada" });
    for (const child of children) expect((await running.client.wait(child)).status).toBe("cancelled");
  });
});

describe("an attempt that ends in the middle of the conversation", () => {
  test("at the step's timeout is followed by one that goes on there, with the calls of both in the history", async () => {
    model.says(
      asks([
        { name: "post", args: { n: 1 } },
        { name: "post", args: { n: 2 } },
      ]),
    );
    let stuck = 0;
    // The first of the second kind is never answered.
    tools.answers(({ body }) => ((body as { n: number }).n === 2 && ++stuck === 1 ? undefined : { ok: true }));
    const id = await submit(
      { tools: [postTool()], tool_timeout: "30s" },
      { timeout: "2s", retry: { attempts: 2, backoff: "10ms" } },
    );
    const run = await running.client.wait(id);
    expect(run).toMatchObject({ status: "succeeded", steps: [{ attempts: 2, calls: 2 }] });
    expect((await running.client.history(id)).map(({ type }) => type)).toContain("step.retrying");
    expect(Object.values(tools.keys())).toEqual([1, 2]);
    expect(model.heard.map(({ turns }) => turns)).toEqual([0, 1]);
  });

  test("for want of a provider is followed by one that goes on there", async () => {
    let isDown = true;
    model.says((heard) => (heard.turns === 1 && isDown ? { status: 500 } : asks([{ name: "post", args: {} }])(heard)));
    const id = await submit({ tools: [postTool()] }, { retry: { attempts: 20, backoff: "10ms", max_backoff: "50ms" } });
    await eventually(async () =>
      expect((await running.client.history(id)).map(({ type }) => type)).toContain("step.retrying"),
    );
    isDown = false;
    const run = await running.client.wait(id);
    expect(run.status).toBe("succeeded");
    expect(tools.hits).toHaveLength(1);
    expect(run.steps[0]?.calls).toBe(model.heard.length);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import type { RunEvent } from "../../src/core/run.ts";
import { eventually } from "../support/eventually.ts";
import { Fleet } from "../support/fleet.ts";
import type { Program } from "../support/program.ts";
import { type Heard, type Said, type ScriptedModel, scriptedModel } from "../support/scripted-model.ts";
import { type ToolServer, toolServer } from "../support/tool-server.ts";

let fleet: Fleet;
let model: ScriptedModel;
let tools: ToolServer;
beforeAll(async () => {
  [model, tools] = await Promise.all([scriptedModel(), toolServer()]);
  fleet = await Fleet.start({ ...model.env, LLM_PROVIDERS: "openai", SWITCHYARD_HTTP_ALLOW: "127.0.0.1" });
  await fleet.client.store("name: waits\nsteps:\n  - id: s\n    wait: { signal: go }\noutput: went\n");
});
afterAll(async () => {
  await fleet?.close();
  await model?.close();
  await tools?.close();
});
beforeEach(() => tools.answers(() => ({ ok: true })));

const any = { type: "object" };

/** Submits a run of one agent with a tool that posts and one that starts a run. */
async function submit(agent: JsonObject = {}): Promise<string> {
  const post = { name: "post", description: "Posts", input: any, http: { method: "POST", url: `${tools.url}/post` } };
  const wait = { name: "wait", description: "Waits", input: any, workflow: { name: "waits" } };
  const body = { prompt: "Do it.", tools: [post, wait], max_turns: 20, ...agent };
  const step = { id: "a", agent: body, retry: { attempts: 50, backoff: "1ms" } };
  return (await fleet.client.submit({ definition: { name: "mortal", steps: [step] } })).id;
}

const post = (n: number) => ({ name: "post", args: { n } });
const numberOf = (body: unknown) => (body as { n: number }).n;

/** The model asks for these lists of calls in turn, then tells the results of the last. */
const asks =
  (...turns: readonly (readonly { readonly name: string; readonly args: object }[])[]) =>
  ({ turns: said, results }: Heard): Said =>
    turns[said] ? { calls: turns[said] } : { text: results.join(" | ") };

/** Calls that the history says have ended, as their keys end. */
const answered = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === "tool.answered" ? [`-t${event.turn}-${event.call}`] : []));

/** How often the call whose key ends so has reached its server. */
function timesOf(end: string): number {
  return Object.entries(tools.keys()).find(([key]) => key.endsWith(end))?.[1] ?? 0;
}

/** How often each call reached its server, by the number that it posts. Each number came under one key alone. */
function hitsByNumber(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  const keys = new Map<number, string>();
  for (const { body, key } of tools.hits) {
    const n = numberOf(body);
    counts[n] = (counts[n] ?? 0) + 1;
    expect(keys.get(n) ?? key, `the key of ${n}`).toBe(key);
    keys.set(n, key);
  }
  expect(new Set(keys.values()).size).toBe(keys.size);
  return counts;
}

async function stop(...programs: readonly Program[]): Promise<void> {
  for (const program of programs) program.kill("SIGKILL");
  await Promise.all(programs.map((program) => program.ended));
}

describe("a worker that is killed", () => {
  test("while one call of two is under way: only that one is made again, under its key", async () => {
    const victim = await fleet.worker();
    model.says(asks([post(1), post(2)], [post(3)]));
    let isHeld = true;
    tools.answers(({ body }) => (isHeld && numberOf(body) === 2 ? undefined : { n: numberOf(body) }));
    const id = await submit();
    await eventually(async () => expect(answered(await fleet.client.history(id))).toEqual(["-t1-1"]));
    await eventually(() => expect(tools.hits).toHaveLength(2));
    await stop(victim);
    isHeld = false;
    const heir = await fleet.worker();
    expect(await fleet.ended(id)).toMatchObject({ status: "succeeded", output: '{"n":3}' });
    expect(hitsByNumber()).toEqual({ 1: 1, 2: 2, 3: 1 });
    expect(model.heard.map(({ turns, results }) => [turns, results])).toEqual([
      [0, []],
      [1, ['{"n":1}', '{"n":2}']],
      [2, ['{"n":3}']],
    ]);
    await stop(heir);
  });

  test("while the model thinks about the results: it is asked again, and no tool is", async () => {
    const victim = await fleet.worker();
    let isHeld = true;
    model.says((heard) => (isHeld && heard.turns === 1 ? { hold: true } : asks([post(1), post(2)])(heard)));
    const id = await submit();
    await eventually(() => expect(model.heard.map(({ turns }) => turns)).toEqual([0, 1]));
    await stop(victim);
    isHeld = false;
    const heir = await fleet.worker();
    const run = await fleet.ended(id);
    expect(run.status).toBe("succeeded");
    expect(hitsByNumber()).toEqual({ 1: 1, 2: 1 });
    expect(model.heard.map(({ turns }) => turns)).toEqual([0, 1, 1]);
    // The first answer was the dead worker's, and is in the history all the same.
    expect(run.steps[0]).toMatchObject({ attempts: 2, calls: 2 });
    await stop(heir);
  });

  test("at the moment at which a tool answers: that call may be made once more under its key, no other is", async () => {
    const victim = await fleet.worker();
    model.says(asks([post(1)], [post(2)], [post(3)]));
    tools.answers(({ body }, response) => {
      response.once("finish", () => numberOf(body) === 2 && victim.kill("SIGKILL"));
      return { n: numberOf(body) };
    });
    const id = await submit();
    expect(await victim.ended).toBe("SIGKILL");
    const heir = await fleet.worker();
    expect((await fleet.ended(id)).status).toBe("succeeded");
    const { 2: second = 0, ...others } = hitsByNumber();
    expect(others).toEqual({ 1: 1, 3: 1 });
    expect(second).toBeLessThanOrEqual(2);
    await stop(heir);
  });

  test.each(["after-begin", "after-reply"])("%s: no tool that has answered is called again", async (point) => {
    const victim = await fleet.worker({ SWITCHYARD_CRASH_AT: `${point}:a` });
    model.says(asks([post(1), post(2)], [post(3)]));
    const id = await submit();
    expect(await victim.ended).toBe("SIGKILL");
    const heir = await fleet.worker();
    expect((await fleet.ended(id)).status).toBe("succeeded");
    expect(hitsByNumber()).toEqual({ 1: 1, 2: 1, 3: 1 });
    expect(model.heard.map(({ turns }) => turns)).toEqual([0, 1, 2]);
    await stop(heir);
  });

  test("while runs that its tools have started go on: they are the same runs, and are waited for", async () => {
    const victim = await fleet.worker();
    let isHeld = true;
    tools.answers(() => (isHeld ? undefined : { ok: true }));
    model.says(asks([{ name: "wait", args: {} }, { name: "wait", args: {} }, post(1)]));
    const id = await submit();
    const children = async () => (await fleet.client.list({ parent: id })).runs.map((run) => run.id).sort();
    await eventually(async () => expect(await children()).toHaveLength(2));
    await eventually(() => expect(tools.hits).toHaveLength(1));
    const before = await children();
    await stop(victim);
    isHeld = false;
    const heir = await fleet.worker();
    await eventually(() => expect(tools.hits).toHaveLength(2));
    for (const child of before) await fleet.client.signal(child, "go");
    expect(await fleet.ended(id)).toMatchObject({ status: "succeeded", output: 'went | went | {"ok":true}' });
    expect(await children()).toEqual(before);
    expect(hitsByNumber()).toEqual({ 1: 2 });
    await stop(heir);
  });
});

describe("workers that are killed again and again", () => {
  test("between them finish an agent of 12 calls; no call with a result is ever made again", async () => {
    const turns = [0, 1, 2, 3, 4, 5].map((turn) => [post(2 * turn + 1), post(2 * turn + 2)]);
    model.says(asks(...turns));
    let worker = await fleet.worker();
    const finished = new Map<string, number>();
    let kills = 0;
    // Deaths when such a call arrives, of the odd ones when it has been answered.
    const deaths = new Set([2, 5, 6, 10, 11]);
    tools.answers(({ body }, response) => {
      const n = numberOf(body);
      const isLethal = deaths.delete(n);
      if (isLethal) kills += 1;
      if (isLethal && n % 2 === 0) return void worker.kill("SIGKILL");
      if (isLethal) response.once("finish", () => worker.kill("SIGKILL"));
      return { n };
    });
    const id = await submit();
    while (deaths.size > 0) {
      expect(await worker.ended).toBe("SIGKILL");
      for (const end of answered(await fleet.client.history(id))) {
        if (!finished.has(end)) finished.set(end, timesOf(end));
      }
      worker = await fleet.worker();
    }
    const run = await fleet.ended(id, 60_000);
    expect(run).toMatchObject({ status: "succeeded", output: '{"n":11} | {"n":12}' });
    expect(kills).toBe(5);
    const counts = hitsByNumber();
    expect(Object.keys(counts)).toHaveLength(12);
    for (const [end, times] of finished) {
      expect(timesOf(end), end).toBe(times);
    }
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(12 + 2 * kills);
    await stop(worker);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { type RunningApp, startApp } from "../server/running-app.ts";
import { answersBy, refuses, type ToolAnswerer, type ToolServer, toolServer } from "../support/tool-server.ts";

let running: RunningApp;
let server: ToolServer;
beforeAll(async () => {
  [running, server] = await Promise.all([startApp({ SWITCHYARD_HTTP_ALLOW: "127.0.0.1" }), toolServer()]);
});
afterAll(async () => {
  await running?.close();
  await server?.close();
});
afterEach(() => server.answers(() => ({ ok: true })));

const retry = { attempts: 1 };
const books = (id: string, path = id): JsonObject => ({
  id,
  retry,
  http: { method: "POST", url: `{{ input.api }}/${path}` },
  compensate: { retry, http: { method: "DELETE", url: `{{ input.api }}/${path}` } },
});
const api = { api: "{{ input.api }}" };
const fails: JsonObject = { id: "fails", retry, http: { method: "POST", url: "{{ input.api }}/refused" } };

/** What one of these paths begins with is answered as said, anything else with success. */
const answers = (special: Readonly<Record<string, ToolAnswerer>> = {}) =>
  server.answers(answersBy(special, () => ({ ok: true })));

const asked = (method: string) => server.hits.filter((hit) => hit.method === method).map(({ path }) => path);

async function ended(steps: readonly JsonObject[], input: JsonObject = {}) {
  const { id } = await running.client.submit({
    definition: { name: "outer", steps },
    input: { api: server.url, ...input },
  });
  return running.client.wait(id);
}

const orders = (more: JsonObject = {}): JsonObject => ({
  id: "orders",
  map: {
    over: ["a", "b", "c", "d"],
    concurrency: 2,
    input: api,
    steps: [books("flight", "flight-{{ input.item }}"), books("hotel", "hotel-{{ input.item }}")],
    ...more,
  },
});

describe("a block whose steps have compensations", () => {
  test("a map that fails because of one item undoes the items that had succeeded, each once and in reverse", async () => {
    answers({ "POST /hotel-d": refuses });
    const run = await ended([books("before"), orders()]);
    expect(run).toMatchObject({ status: "failed", error: { code: "child_failed", details: { step: "orders" } } });
    const booked = asked("POST").filter((path) => path !== "/hotel-d");
    const undone = asked("DELETE");
    expect([...undone].sort()).toEqual([...booked].sort());
    for (const item of ["a", "b", "c"])
      expect(undone.indexOf(`/hotel-${item}`)).toBeLessThan(undone.indexOf(`/flight-${item}`));
    expect(undone.at(-1)).toBe("/before");
  });

  test("each run that undoes another one shows where it comes from, and has ended as cancelled", async () => {
    answers({ "POST /refused": refuses });
    const run = await ended([
      { id: "pair", parallel: { input: api, branches: { one: { steps: [books("x")] } } } },
      fails,
    ]);
    const { runs } = await running.client.list({ parent: run.id, all: true });
    const undoing = runs.find(({ forkOf }) => forkOf !== null);
    const undone = runs.find(({ id }) => id === undoing?.forkOf?.run);
    expect([undone?.status, undoing?.status]).toEqual(["succeeded", "cancelled"]);
    const { steps } = await running.client.get(undoing?.id ?? "");
    expect(steps.map(({ id, status, reusedFrom = null }) => [id, status, reusedFrom])).toEqual([
      ["x", "succeeded", undone?.id],
      ["x.compensate", "succeeded", null],
    ]);
    expect(asked("DELETE")).toEqual(["/x"]);
  });

  test("is undone where a step after it fails, through blocks inside blocks; rounds of a loop the last one first", async () => {
    answers({ "POST /refused": refuses });
    const inner = {
      id: "deep",
      parallel: {
        input: { ...api, n: "{{ input.index }}" },
        branches: { one: { steps: [books("x", "x-{{ input.n }}")] } },
      },
    };
    const loop = { id: "rounds", loop: { until: "index == 2", max: 3, input: api, steps: [inner] } };
    const run = await ended([loop, fails]);
    expect(run.error).toMatchObject({ code: "http_failed" });
    expect(asked("DELETE")).toEqual(["/x-2", "/x-1", "/x-0"]);
  });

  test("is not undone where the run succeeds", async () => {
    answers();
    expect((await ended([orders()])).status).toBe("succeeded");
    expect(asked("DELETE")).toEqual([]);
  });

  test("names the run that could not be undone, and undoes the others", async () => {
    answers({ "POST /refused": refuses, "DELETE /hotel-b": refuses });
    const run = await ended([orders(), fails]);
    expect(run.error).toMatchObject({ details: { step: "fails", not_undone: [{ step: "orders" }] } });
    expect(run.error?.message).toContain("Not undone: orders");
    expect(asked("DELETE")).toHaveLength(8);
  });
});

describe("compensate: { undo: {} }", () => {
  test("undoes the run of a stored workflow", async () => {
    answers({ "POST /refused": refuses });
    await running.client.store({ name: "booking", steps: [books("x")] });
    const step = { id: "called", workflow: { name: "booking", input: api }, compensate: { undo: {} } };
    await ended([step, fails]);
    expect(asked("DELETE")).toEqual(["/x"]);
  });

  test("stands under compensate alone", async () => {
    const definition = { name: "w", steps: [{ id: "a", undo: {} }] };
    await expect(running.client.submit({ definition, input: {} })).rejects.toMatchObject({
      code: "invalid_definition",
    });
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import type { RunEvent } from "../../src/core/run.ts";
import { type RunningApp, startApp } from "../server/running-app.ts";
import { eventually } from "../support/eventually.ts";
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

const retry = { attempts: 2, backoff: "1ms" };
const books = (id: string, more: JsonObject = {}): JsonObject => ({
  id,
  retry,
  http: { method: "POST", url: `{{ input.api }}/${id}` },
  compensate: {
    retry,
    http: { method: "DELETE", url: `{{ input.api }}/${id}/{{ steps.${id}.output.body.number }}` },
  },
  ...more,
});
const trip = (...steps: JsonObject[]) => ({ name: "trip", steps });

/** Bookings have numbers; what one of these paths begins with is answered as said. */
function answers(special: Readonly<Record<string, ToolAnswerer>> = {}): void {
  let number = 0;
  server.answers(answersBy(special, ({ method }) => ({ number: method === "POST" ? ++number : 0 })));
}

const holds: ToolAnswerer = () => undefined;

async function begin(definition: JsonObject): Promise<string> {
  return (await running.client.submit({ definition, input: { api: server.url } })).id;
}

const asked = () => server.hits.map(({ method, path }) => `${method} ${path}`);
const undone = () => asked().filter((request) => request.startsWith("DELETE"));
const told = async <T extends RunEvent["type"]>(id: string, type: T) =>
  (await running.client.history(id)).filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);
const typesOf = async (id: string) =>
  (await running.client.history(id)).map((event) => ("step" in event ? `${event.type} ${event.step}` : event.type));

describe("a run that fails", () => {
  test("undoes what has succeeded, the last first, by the outputs that it had, then ends with its first error", async () => {
    answers({ "POST /car": refuses });
    const id = await begin(trip(books("flight"), books("hotel"), books("car")));
    const run = await running.client.wait(id);
    expect(run).toMatchObject({ status: "failed", error: { code: "http_failed", details: { step: "car" } } });
    expect(undone()).toEqual(["DELETE /hotel/2", "DELETE /flight/1"]);
    expect(run.compensation).toEqual({ because: "failed", steps: ["hotel", "flight"] });
    expect(run.steps.map(({ id, status, compensates = null }) => [id, status, compensates])).toEqual([
      ["flight", "succeeded", null],
      ["hotel", "succeeded", null],
      ["car", "failed", null],
      ["hotel.compensate", "succeeded", "hotel"],
      ["flight.compensate", "succeeded", "flight"],
    ]);
    expect((await typesOf(id)).slice(-9)).toEqual([
      "step.failed car",
      "run.compensating",
      "step.queued hotel.compensate",
      "step.started hotel.compensate",
      "step.succeeded hotel.compensate",
      "step.queued flight.compensate",
      "step.started flight.compensate",
      "step.succeeded flight.compensate",
      "run.failed",
    ]);
  });

  test("goes on undoing where one compensation fails after its attempts, and tells whom it could not undo", async () => {
    answers({ "POST /car": refuses, "DELETE /hotel": (_, response) => void response.writeHead(503).end() });
    const id = await begin(trip(books("flight"), books("hotel"), books("car")));
    const run = await running.client.wait(id);
    expect(undone()).toEqual(["DELETE /hotel/2", "DELETE /hotel/2", "DELETE /flight/1"]);
    expect(run).toMatchObject({
      status: "failed",
      error: {
        code: "http_failed",
        message: expect.stringContaining("Not undone: hotel (http_failed)."),
        details: { step: "car", not_undone: [{ step: "hotel", code: "http_failed" }] },
      },
    });
    expect(await told(id, "step.failed")).toMatchObject([{ step: "car" }, { step: "hotel.compensate", attempt: 2 }]);
  });

  test.each([
    ["its time is over", { timeout: "300ms" }, [{ id: "late", wait: { signal: "never" } }], "run_timeout"],
    ["its output cannot be made", { output: "{{ steps.flight.output.body.price }}" }, [], "template_failed"],
    [
      "too many of its steps have failed",
      { soft_failure: "count:0" },
      [{ id: "late", wait: { signal: "never", timeout: "10ms" } }],
      "too_many_failures",
    ],
  ])("undoes also where %s", async (_, more, steps, code) => {
    answers();
    const id = await begin({ ...trip(books("flight"), ...steps), ...more });
    expect(await running.client.wait(id)).toMatchObject({ status: "failed", error: { code } });
    expect(undone()).toEqual(["DELETE /flight/1"]);
    expect((await typesOf(id)).filter((type) => /^run\.(succeeded|failed|cancelled)/.test(type))).toEqual([
      "run.failed",
    ]);
  });

  test("a child run that fails undoes itself; one that had succeeded is undone by the step that started it", async () => {
    answers({ "POST /tour": refuses });
    const input = { api: "{{ input.api }}" };
    const block = (...steps: JsonObject[]) => ({ parallel: { branches: { all: { steps } }, input } });
    const compensate = { http: { method: "DELETE", url: "{{ input.api }}/hotels" } };
    const hotels = { id: "hotels", ...block(books("city"), books("coast")), compensate };
    const id = await begin(trip(hotels, { id: "tours", ...block(books("bus"), books("tour")), compensate }));
    expect(await running.client.wait(id)).toMatchObject({ status: "failed", error: { code: "child_failed" } });
    expect(undone()).toEqual(["DELETE /bus/3", "DELETE /hotels"]);
  });
});

describe("a run that is cancelled", () => {
  test("undoes what has succeeded, once, also where it is cancelled again meanwhile, and names the step of which nothing is known", async () => {
    let isHeld = true;
    answers({
      "POST /car": holds,
      "DELETE /hotel": (_, response) => {
        const answer = () => (isHeld ? void setTimeout(answer, 5) : void response.writeHead(204).end());
        answer();
      },
    });
    const id = await begin(trip(books("flight"), books("hotel"), books("car")));
    await eventually(() => expect(asked()).toContain("POST /car"));
    await running.client.cancel(id, { reason: "ill" });
    await eventually(() => expect(undone()).toEqual(["DELETE /hotel/2"]));
    expect((await running.client.get(id)).status).toBe("running");
    await running.client.cancel(id, { reason: "again" });
    isHeld = false;
    const run = await running.client.wait(id);
    expect([run.status, run.error]).toEqual(["cancelled", null]);
    expect(undone()).toEqual(["DELETE /hotel/2", "DELETE /flight/1"]);
    expect(run.compensation).toEqual({ because: "cancelled", steps: ["hotel", "flight"], unsure: ["car"] });
    expect(await told(id, "run.cancelled")).toMatchObject([{ reason: "ill" }]);
  });

  test("undoes a step from its start where it says so, and goes on undoing although it was paused", async () => {
    answers({ "POST /car": holds });
    const sure = { from: "start", http: { method: "DELETE", url: "{{ input.api }}/car" } };
    const id = await begin(trip(books("flight"), books("car", { compensate: sure })));
    await eventually(() => expect(asked()).toContain("POST /car"));
    await running.client.pause(id);
    await running.client.cancel(id);
    expect((await running.client.wait(id)).status).toBe("cancelled");
    expect(undone()).toEqual(["DELETE /car", "DELETE /flight/1"]);
  });

  test("whose compensation fails says so", async () => {
    answers({ "POST /hotel": holds, "DELETE /flight": refuses });
    const id = await begin(trip(books("flight"), books("hotel")));
    await eventually(() => expect(asked()).toContain("POST /hotel"));
    await running.client.cancel(id);
    expect(await running.client.wait(id)).toMatchObject({
      status: "cancelled",
      error: { code: "compensation_failed", details: { not_undone: [{ step: "flight", code: "http_failed" }] } },
    });
  });
});

describe("a retry of a run that was undone", () => {
  test("does anew what was undone, keeps the rest, and undoes only what is its own", async () => {
    answers({ "POST /car": refuses });
    const look: JsonObject = { id: "look", needs: [], http: { url: "{{ input.api }}/look" } };
    const definition = trip(look, books("flight"), books("car"), books("tour"));
    const id = await begin(definition);
    await running.client.wait(id);
    await expect(running.client.fork(id, "car")).rejects.toMatchObject({
      code: "step_not_reached",
      message: expect.stringContaining('step "flight" before it is undone'),
    });
    answers({ "POST /tour": refuses });
    const retried = await running.client.retry(id);
    const run = await running.client.wait(retried.id);
    expect(asked()).toEqual(["POST /flight", "POST /car", "POST /tour", "DELETE /car/2", "DELETE /flight/1"]);
    expect(run.steps.find((step) => step.id === "look")?.reusedFrom).toBe(id);
    expect(run.status).toBe("failed");
  });

  test("a fork of a run that has succeeded does not undo that one's steps", async () => {
    answers();
    const id = await begin(trip(books("flight"), books("hotel"), books("car")));
    expect((await running.client.wait(id)).status).toBe("succeeded");
    answers({ "POST /car": refuses });
    const fork = await running.client.fork(id, "hotel");
    expect((await running.client.wait(fork.id)).status).toBe("failed");
    expect(asked()).toEqual(["POST /hotel", "POST /car", "DELETE /hotel/1"]);
  });
});

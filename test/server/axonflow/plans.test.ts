import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../../src/core/json.ts";
import { eventually } from "../../support/eventually.ts";
import { type RunningApp, startApp } from "../running-app.ts";
import { type AxonFlowCalls, axonFlowCalls } from "./axonflow-calls.ts";

let running: RunningApp;
let axonflow: AxonFlowCalls;
beforeAll(async () => {
  running = await startApp();
  axonflow = axonFlowCalls(running.url);
});
afterAll(() => running.close());

const goal = "Compare three vendors and write a recommendation";
const make = async (context?: JsonObject) => {
  const { status, body } = await axonflow.makePlan(goal, context);
  expect(status).toBe(200);
  return { id: String(body.plan_id), body };
};
const statusOf = (id: string, path = "/api/v1/plan") => axonflow.send("GET", `${path}/${id}`);

describe("generatePlan and executePlan", () => {
  test("a goal becomes a plan with steps, is executed once, and tells what each step brought", async () => {
    const { id, body } = await make({ domain: "procurement" });
    expect(body).toMatchObject({
      success: true,
      blocked: false,
      data: { plan_id: id, status: "pending", domain: "procurement", complexity: expect.any(Number) },
      metadata: { execution_mode: "auto" },
    });
    const { steps } = body.data as { readonly steps: readonly JsonObject[] };
    expect(steps.length).toBeGreaterThan(0);
    expect(steps[0]).toMatchObject({
      id: expect.any(String),
      name: expect.any(String),
      type: expect.any(String),
      description: expect.any(String),
      depends_on: [],
      dependsOn: [],
      agent: expect.any(String),
      parameters: {},
    });
    expect((await statusOf(id)).body).toMatchObject({ status: "pending", execution_id: null, progress_percent: 0 });

    const executed = await axonflow.executePlan(id);
    expect(executed.status).toBe(200);
    expect(executed.body).toMatchObject({
      success: true,
      plan_id: id,
      result: expect.any(String),
      data: { success: true, status: "completed", workflow_id: expect.stringMatching(/^run_/) },
      metadata: { duration: expect.stringMatching(/s$/) },
    });
    const { step_results: results } = executed.body.metadata as { readonly step_results: JsonObject };
    expect(Object.keys(results)).toHaveLength(steps.length);

    for (const path of ["/api/v1/plan", "/api/plans"]) {
      expect((await statusOf(id, path)).body).toMatchObject({
        plan_id: id,
        status: "completed",
        query: goal,
        result: executed.body.result,
        step_results: results,
        progress_percent: 100,
      });
    }
    const again = await axonflow.executePlan(id);
    expect(again).toMatchObject({ status: 409, body: { success: false, error_code: "plan_executed" } });

    // A plan's run is followed by the plan's id.
    const execution = await axonflow.send("GET", `/api/v1/unified/executions/${id}`);
    expect(execution.body).toMatchObject({ execution_type: "map_plan", status: "completed" });
    expect(await axonflow.stream(id)).toMatchObject([{ event: "status", data: { status: "completed" } }]);
    const listed = await axonflow.send("GET", "/api/v1/unified/executions?execution_type=map_plan");
    expect(listed.body).toMatchObject({ total: 1 });
  });

  test("one that lasts is answered as running, and goes on", async () => {
    const { id } = await make();
    await running.simulator.down("openai", { kind: "hold" });
    const executed = await axonflow.executePlan(id, { wait_seconds: 0 });
    expect(executed).toMatchObject({ status: 200, body: { success: true, data: { status: "running" } } });
    await running.simulator.up("openai");
    await eventually(async () => expect((await statusOf(id)).body).toMatchObject({ status: "completed" }));
  });

  test("one that fails is no 2xx", async () => {
    const { id } = await make();
    for (const name of ["openai", "anthropic", "ollama"]) {
      await running.simulator.down(name, { kind: "status", status: 400 });
    }
    const { status, body } = await axonflow.executePlan(id);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body).toMatchObject({ success: false, blocked: false, data: { success: false, status: "failed" } });
    for (const name of ["openai", "anthropic", "ollama"]) await running.simulator.up(name);
  });
});

describe("a pending plan", () => {
  test("is updated for its version alone, and rolled back", async () => {
    const { id } = await make();
    const update = (version: number) =>
      axonflow.send("PUT", `/api/v1/plan/${id}`, { version, execution_mode: "sequential" });
    expect(await update(1)).toMatchObject({ status: 200, body: { plan_id: id, version: 2, success: true } });
    const stale = await update(1);
    expect(stale).toMatchObject({ status: 409, body: { error: { code: "PLAN_CONFLICT" }, current_version: 2 } });
    const back = await axonflow.send("POST", `/api/v1/plan/${id}/rollback/1`);
    expect(back).toMatchObject({ status: 200, body: { plan_id: id, version: 1, previous_version: 2 } });
    const { body } = await axonflow.send("GET", `/api/v1/plan/${id}/versions`);
    expect(body).toMatchObject({
      plan_id: id,
      versions: [
        { version: 1, change_type: "created" },
        { version: 2 },
        { version: 3, changed_at: expect.any(String) },
      ],
    });
    expect(await axonflow.send("POST", `/api/v1/plan/${id}/rollback/99`)).toMatchObject({ status: 404 });
  });

  test("is cancelled and then not executed", async () => {
    const { id } = await make();
    const cancelled = await axonflow.send("POST", `/api/v1/plan/${id}/cancel`, { reason: "too dear" });
    expect(cancelled).toMatchObject({
      status: 200,
      body: { plan_id: id, status: "cancelled", message: expect.any(String) },
    });
    expect(await axonflow.executePlan(id)).toMatchObject({ status: 409, body: { success: false } });
  });

  test("that nobody made is not found", async () => {
    expect(await statusOf("plan_none")).toMatchObject({ status: 404, body: { error: { code: "NOT_FOUND" } } });
    expect(await axonflow.executePlan("plan_none")).toMatchObject({ status: 404, body: { success: false } });
  });
});

describe("resumePlan", () => {
  test("approves step by step; a no aborts the plan", async () => {
    const { id } = await make({ execution_mode: "confirm" });
    const executed = await axonflow.executePlan(id);
    expect(executed.body).toMatchObject({ success: true, data: { status: "awaiting_approval" } });
    const approved = await axonflow.send("POST", `/api/v1/plan/${id}/resume`, { approved: true });
    expect(approved).toMatchObject({ status: 200, body: { plan_id: id, approved: true, message: expect.any(String) } });
    await eventually(async () => {
      const said = await axonflow.send("POST", `/api/v1/plan/${id}/resume`, { approved: false });
      expect(said.status).toBe(200);
    });
    await eventually(async () => expect((await statusOf(id)).body).toMatchObject({ status: "aborted" }));
  });
});

describe("the example", () => {
  test("moves by its endpoint alone", async () => {
    const script = resolve(import.meta.dirname, "../../../examples/axonflow-client/ask.mjs");
    const env = { ...process.env, AXONFLOW_ENDPOINT: running.url };
    const { stdout } = await promisify(execFile)(process.execPath, [script], { env });
    expect(stdout).toMatch(/^anthropic \(/);
    expect(stdout).toContain("completed after");
  });
});

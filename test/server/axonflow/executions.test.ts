import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { type RunningApp, startApp, twoSteps } from "../running-app.ts";
import { type AxonFlowCalls, axonFlowCalls } from "./axonflow-calls.ts";

let running: RunningApp;
let axonflow: AxonFlowCalls;
beforeAll(async () => {
  running = await startApp();
  axonflow = axonFlowCalls(running.url);
});
afterAll(() => running.close());

const base = "/api/v1/unified/executions";
const submit = async () => (await running.client.submit({ definition: twoSteps, input: { topic: "rivers" } })).id;

const waits = `name: waits
steps:
  - id: ask
    approval: { message: "May it go on?" }
  - id: last
    llm: { prompt: "Say goodbye" }
`;

describe("executions", () => {
  test("a run is followed to its end: status first, then each step with who served it", async () => {
    await running.simulator.down("openai", { kind: "hold" });
    const id = await submit();
    await eventually(() => expect(running.simulator.hits("openai").length).toBeGreaterThan(0));
    const events = await axonflow.stream(id, () => running.simulator.up("openai"));
    expect(events[0]).toMatchObject({ event: "status", data: { execution_id: id, status: "running", total_steps: 2 } });
    const names = events.map(({ event }) => event);
    expect(names.filter((name) => name !== "step.started")).toEqual([
      "status",
      "step.completed",
      "step.completed",
      "execution.completed",
    ]);
    const halfway = events.find(({ event }) => event === "step.completed");
    expect(halfway?.data).toMatchObject({ progress_percent: 50, step_id: "first", status: "running" });
    expect(events.at(-1)?.data).toMatchObject({
      status: "completed",
      progress_percent: 100,
      completed_at: expect.any(String),
      actual_cost_usd: expect.any(Number),
      steps: [
        {
          step_id: "first",
          step_type: "llm_call",
          status: "completed",
          provider: "openai",
          cost_usd: expect.any(Number),
        },
        { step_id: "second", step_index: 1, output: expect.any(String) },
      ],
    });
    // Somebody who comes later is told how it ended.
    const later = await axonflow.stream(id);
    expect(later).toMatchObject([{ event: "status", data: { status: "completed" } }]);
  });

  test("one is shown by its id; an unknown one is not found", async () => {
    const id = await submit();
    await running.client.wait(id);
    const { status, body } = await axonflow.send("GET", `${base}/${id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      execution_id: id,
      execution_type: "wcp_workflow",
      name: "two-steps",
      status: "completed",
      duration: expect.stringMatching(/s$/),
      tenant_id: "default",
    });
    for (const path of [`${base}/run_none`, `${base}/run_none/stream`, `${base}/plan_none`]) {
      expect(await axonflow.send("GET", path)).toMatchObject({ status: 404, body: { error: { code: "NOT_FOUND" } } });
    }
  });

  test("waiting for approval shows, and it is cancelled once", async () => {
    const { id } = await running.client.submit({ definition: waits });
    await eventually(async () => {
      const { body } = await axonflow.send("GET", `${base}/${id}`);
      expect(body).toMatchObject({
        status: "running",
        current_step_index: 0,
        steps: [{ step_type: "human_task", status: "approval", approval_status: "pending" }, {}],
      });
    });
    const listed = await axonflow.send("GET", `${base}?status=running`);
    expect(listed.body).toMatchObject({ total: 1, executions: [{ execution_id: id }] });
    const cancelled = await axonflow.send("POST", `${base}/${id}/cancel`, { reason: "no longer wanted" });
    expect(cancelled.status).toBe(200);
    expect(await running.client.wait(id)).toMatchObject({ status: "cancelled" });
    expect((await axonflow.send("GET", `${base}/${id}`)).body).toMatchObject({ status: "cancelled" });
    expect(await axonflow.stream(id)).toMatchObject([{ event: "status", data: { status: "cancelled" } }]);
  });

  test("a failed one tells its error", async () => {
    for (const name of ["openai", "anthropic", "ollama"]) {
      await running.simulator.down(name, { kind: "status", status: 400 });
    }
    const id = await submit();
    await running.client.wait(id);
    const { body } = await axonflow.send("GET", `${base}/${id}`);
    expect(body).toMatchObject({ status: "failed", error: expect.any(String), steps: [{ status: "failed" }, {}] });
    for (const name of ["openai", "anthropic", "ollama"]) await running.simulator.up(name);
  });

  test("are listed newest first, page by page, by kind and status", async () => {
    const all = await axonflow.send("GET", base);
    const total = Number(all.body.total);
    expect(all.body).toMatchObject({ limit: 50, offset: 0, has_more: false });
    expect(total).toBeGreaterThanOrEqual(4);
    const page = await axonflow.send("GET", `${base}?limit=2&offset=1&execution_type=wcp_workflow`);
    expect(page.body).toMatchObject({ total, limit: 2, offset: 1, has_more: true });
    const ids = (body: unknown) =>
      (body as { executions: readonly { execution_id: string }[] }).executions.map((one) => one.execution_id);
    expect(ids(page.body)).toEqual(ids(all.body).slice(1, 3));
    expect((await axonflow.send("GET", `${base}?status=failed`)).body).toMatchObject({ total: 1 });
    expect((await axonflow.send("GET", `${base}?execution_type=map_plan`)).body).toMatchObject({ total: 0 });
    expect(await axonflow.send("GET", `${base}?status=done`)).toMatchObject({ status: 400 });
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { priorities } from "../../src/core/priority.ts";
import { agedPriority, jobPriority } from "../../src/engine/job-priority.ts";
import { reconcile } from "../../src/engine/restore.ts";
import { type RunningApp, startApp } from "../server/running-app.ts";
import { eventually } from "../support/eventually.ts";
import { type EngineUnderTest, engineUnderTest, succeeded } from "./engine-under-test.ts";

describe("jobPriority", () => {
  test("puts a more urgent run first, and among equals the one that has begun", () => {
    const order = [...priorities].reverse().flatMap((one) => [jobPriority(one, "front"), jobPriority(one, "back")]);
    expect(order).toEqual([1, 2, 3, 4, 5, 6]);
    expect(jobPriority(undefined, "back")).toBe(jobPriority("normal", "back"));
  });

  test("counts a run of low priority as normal once it is ten minutes old, and no other", () => {
    const at = (priority: (typeof priorities)[number], minutes: number) => agedPriority(priority, 0, minutes * 60_000);
    expect([at("low", 9.9), at("low", 10)]).toEqual(["low", undefined]);
    expect([at("normal", 60), at("high", 60)]).toEqual(["normal", "high"]);
  });
});

describe("jobs of runs with priorities", () => {
  let engine: EngineUnderTest;
  beforeAll(async () => {
    engine = await engineUnderTest();
  });
  afterAll(() => engine?.close());

  const priorityOf = async (runId: string, step: string) => {
    const { active } = await engine.state(runId);
    const job = await engine.restoring.dispatcher.queues.io.getJob(`${runId}-${step}-${active[step]?.epoch}`);
    return [job?.priority, await job?.getState()];
  };

  test("keep the run's as it goes on, whoever adds them", async () => {
    const id = await engine.submit([{ id: "s" }, { id: "t" }], { priority: "high" });
    expect(await priorityOf(id, "s")).toEqual([2, "prioritized"]);
    const hand = engine.hand();
    const execution = await hand.begin(id, "s");
    await hand.folder.deliver(execution, succeeded(execution));
    expect(await priorityOf(id, "t")).toEqual([1, "prioritized"]);
    await engine.restoring.dispatcher.queues.io.obliterate({ force: true });
    await reconcile(engine.restoring);
    expect(await priorityOf(id, "t")).toEqual([1, "prioritized"]);
  });

  test("of low runs that have waited for long go with the normal ones from the next reconcile on", async () => {
    const id = await engine.submit([{ id: "s" }], { priority: "low" });
    await reconcile(engine.restoring);
    expect(await priorityOf(id, "s")).toEqual([6, "prioritized"]);
    await reconcile({ ...engine.restoring, clock: () => Date.now() + 11 * 60_000 });
    expect(await priorityOf(id, "s")).toEqual([4, "prioritized"]);
  });
});

describe("a fleet with more runs than it can take at a time", () => {
  let fleet: RunningApp;
  beforeAll(async () => {
    fleet = await startApp({ LLM_PROVIDERS: "openai", SWITCHYARD_CONCURRENCY: "1" });
  });
  afterAll(() => fleet?.close());

  test("takes high ones first, then normal ones, low ones last; what a run starts is as urgent as itself", async () => {
    const { client, simulator } = fleet;
    const step = (prompt: string) => ({ llm: { prompt } });
    await client.store({ name: "kid", steps: [{ id: "s", ...step("Task of {{ input.of }}'s child") }] });
    await simulator.down("openai", { kind: "hold", match: "Task first" });
    await client.submit({ definition: { name: "first", steps: [{ id: "s", ...step("Task first") }] } });
    await eventually(() => expect(simulator.hits("openai")).toHaveLength(1));
    const one = (name: string, priority?: "low" | "high") =>
      client.submit({
        definition: {
          name,
          ...(priority === "low" ? { priority } : {}),
          steps: [
            { id: "a", ...step(`Task 1 of ${name}`) },
            { id: "b", ...step(`Task 2 of ${name}`) },
          ],
        },
        ...(priority === "high" ? { priority } : {}),
      });
    const parent = { id: "c", workflow: { name: "kid", input: { of: "low" } } };
    const low = await client.submit({ definition: { name: "parent", steps: [parent] }, priority: "low" });
    await eventually(async () => expect((await client.list({ parent: low.id })).runs).toHaveLength(1));
    const runs = [low, await one("later", "low"), await one("usual"), await one("urgent", "high")];
    expect((await fleet.app.engine.health()).queues.llm).toBe(5);
    await simulator.up("openai");
    for (const { id } of runs) await eventually(async () => expect((await client.get(id)).status).toBe("succeeded"));
    const order = simulator.hits("openai").map(({ prompt }) => prompt.replace("Task ", ""));
    expect(order.slice(1, 5)).toEqual(["1 of urgent", "2 of urgent", "1 of usual", "2 of usual"]);
    expect(order.slice(5).sort()).toEqual(["1 of later", "2 of later", "of low's child"]);
    expect((await client.get(runs[3]?.id ?? "")).priority).toBe("high");
    const [child] = (await client.list({ parent: low.id })).runs;
    expect((await client.get(child?.id ?? "")).priority).toBe("low");
  });

  test("refuses a priority that there is not", async () => {
    const answer = await fetch(`${fleet.url}/v1/runs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ workflow: "kid", priority: "urgent" }),
    });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining("priority")]);
  });
});

import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import type { Plan, PlanStatus } from "../../src/core/plan.ts";
import { PlanStore } from "../../src/planning/plan-store.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { eventually } from "../support/eventually.ts";
import { type RunningApp, startApp } from "./running-app.ts";

const goal = "Compare three vendors and write a recommendation";

describe("plans", () => {
  let app: RunningApp;
  let redis: Redis;
  let store: PlanStore;

  beforeAll(async () => {
    app = await startApp();
    redis = new Redis(app.redis.url);
    store = new PlanStore(redis, keysOf("switchyard"), "default");
  });
  afterAll(async () => {
    redis.disconnect();
    await app.close();
  });

  const plans = () => app.client.plans;
  const reaches = (id: string, status: PlanStatus): Promise<Plan> =>
    eventually(async () => {
      const plan = await plans().get(id);
      expect(plan.status).toBe(status);
      return plan;
    });
  const runsOf = async ({ definition }: Plan) =>
    (await app.client.list({ workflow: String(definition.name) })).runs.map(({ id }) => id);

  test("a goal becomes a plan, and the plan a run of several steps that ends well", async () => {
    const made = await plans().make({ goal, execute: true }, { author: "ada" });
    expect(made).toMatchObject({ status: "executing", version: 1, mode: "auto", createdBy: "ada", tenant: "default" });
    expect(made.steps.length).toBeGreaterThan(3);
    const run = await app.client.wait(made.run ?? "");
    expect(run).toMatchObject({ status: "succeeded", input: { goal }, workflow: made.definition.name });
    expect(run.steps.map(({ id }) => id)).toEqual(made.steps.map(({ id }) => id));
    expect(await plans().get(made.id)).toMatchObject({ status: "completed", run: run.id });
    expect((await plans().list({ status: "completed" })).plans.map(({ id }) => id)).toContain(made.id);
  });

  test("how a plan ended stays known when its run is not kept any more", async () => {
    const { id, run } = await plans().make({ goal: "Summarise what routing is", execute: true });
    await app.client.wait(run ?? "");
    expect((await plans().get(id)).status).toBe("completed");
    await redis.del(keysOf("switchyard").run(run ?? "").run);
    expect(await plans().get(id)).toMatchObject({ status: "completed", error: null });
    expect((await plans().list()).plans.find((one) => one.id === id)?.status).toBe("completed");
  });

  test("the same Idempotency-Key gives the same plan and the same run; with another goal it is a conflict", async () => {
    const ask = (wanted: string) => plans().make({ goal: wanted, execute: true }, { idempotencyKey: "once" });
    const [first, second] = [await ask(goal), await ask(goal)];
    expect(second).toMatchObject({ id: first.id, run: first.run });
    expect(await runsOf(first)).toEqual([first.run]);
    await expect(ask("Something else")).rejects.toMatchObject({
      code: "idempotency_conflict",
      details: { plan: first.id },
    });
  });

  test("of two who change the same version, the second is told of the first's", async () => {
    const { id } = await plans().make({ goal });
    const edits = await Promise.allSettled([
      plans().edit(id, { version: 1, mode: "confirm" }, { author: "ada" }),
      plans().edit(id, { version: 1, mode: "sequential" }, { author: "bob" }),
    ]);
    expect(edits.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const refused = edits.find((one) => one.status === "rejected");
    expect(refused?.reason).toMatchObject({ code: "plan_conflict", details: { plan: id, version: 2 } });
    const back = await plans().rollback(id, 1, { author: "eve" });
    expect(back).toMatchObject({ version: 3, mode: "auto" });
    const versions = await plans().versions(id);
    expect(versions.map(({ version, change }) => [version, change])).toEqual([
      [1, "created"],
      [2, "edited"],
      [3, "rolled_back"],
    ]);
    expect(versions[1]?.summary).toMatch(/^mode auto to (confirm|sequential)$/);
    expect(versions[2]).toMatchObject({ changedBy: "eve", summary: "as version 1" });
    await expect(plans().rollback(id, 9)).rejects.toMatchObject({
      code: "plan_version_not_found",
      details: { version: 3 },
    });
  });

  test("an edited definition is checked like any workflow, keeps the plan's name, and is what runs", async () => {
    const { id, definition } = await plans().make({ goal });
    const steps = [{ id: "only", llm: { prompt: "Answer: {{ input.goal }}" } }];
    const wrong = plans().edit(id, {
      version: 1,
      definition: { steps: [{ id: "a", llm: { prompt: "{{ steps.b.output }}" } }] },
    });
    await expect(wrong).rejects.toMatchObject({ code: "plan_invalid", problems: [{ path: "steps.0.llm.prompt" }] });
    const renamed = plans().edit(id, { version: 1, definition: { name: "other", steps } });
    await expect(renamed).rejects.toMatchObject({ code: "plan_invalid", problems: [{ path: "name" }] });
    const needy = plans().edit(id, {
      version: 1,
      definition: {
        steps,
        input: { type: "object", required: ["budget"], properties: { budget: { type: "number" } } },
      },
    });
    await expect(needy).rejects.toMatchObject({ code: "plan_invalid", message: expect.stringContaining("budget") });
    const edited = await plans().edit(id, { version: 1, goal: "Say hello", definition: { steps } });
    expect(edited).toMatchObject({ version: 2, goal: "Say hello", definition: { name: definition.name } });
    const { run } = await plans().execute(id, { version: 2 });
    expect(await app.client.wait(run ?? "")).toMatchObject({ status: "succeeded", input: { goal: "Say hello" } });
  });

  test("a plan is executed once, whoever asks and however often at the same time", async () => {
    const { id } = await plans().make({ goal });
    await expect(plans().execute(id, { version: 2 })).rejects.toMatchObject({ code: "plan_conflict" });
    const asked = await Promise.allSettled([1, 2, 3].map(() => plans().execute(id)));
    const runs = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value.run] : [one.reason.details.run]));
    const plan = await plans().get(id);
    expect(new Set(runs)).toEqual(new Set([plan.run]));
    expect(await runsOf(plan)).toEqual([plan.run]);
    await expect(plans().execute(id)).rejects.toMatchObject({ code: "plan_executed", details: { run: plan.run } });
    await expect(plans().edit(id, { version: 1, mode: "step" })).rejects.toMatchObject({ code: "plan_executed" });
  });

  test("whoever claimed a plan and died before there was a run: the next one to ask completes it", async () => {
    const [read, { id }] = [await plans().make({ goal }), await plans().make({ goal })];
    for (const one of [read.id, id]) await store.claim(one, { by: "dead" }, Date.now());
    expect(await plans().get(read.id)).toMatchObject({ status: "executing", run: expect.stringMatching(/^run_/) });
    const plan = await plans().execute(id);
    expect(await runsOf(plan)).toEqual([plan.run]);
    expect(await reaches(id, "completed")).toMatchObject({ run: plan.run });
  });

  test("whoever died between the run and its note: there is no second run", async () => {
    const { id, definition, goal: wanted } = await plans().make({ goal });
    await store.claim(id, { by: "dead" }, Date.now());
    const { run } = await app.app.engine.submit({ definition, input: { goal: wanted }, hints: {}, idempotencyKey: id });
    const plan = await plans().execute(id);
    expect(plan.run).toBe(run.id);
    expect(await runsOf(plan)).toEqual([run.id]);
  });

  test("a run that is refused leaves the plan pending, to be corrected", async () => {
    const { id } = await plans().make({ goal });
    const other = await app.another({ LLM_PROVIDERS: "openai,anthropic" });
    await plans().edit(id, { version: 1, hints: { provider: "ollama", strict_provider: true } });
    await expect(other.client.plans.execute(id)).rejects.toMatchObject({ code: "unknown_provider" });
    await other.close();
    expect(await plans().get(id)).toMatchObject({ status: "pending", run: null });
    expect(await plans().execute(id)).toMatchObject({ run: expect.stringMatching(/^run_/) });
  });

  test("step: each step but the first waits for a word; yes lets the plan be completed, no aborts it", async () => {
    const { id } = await plans().make({ goal: "Summarise what routing is", mode: "step" });
    await plans().execute(id);
    await expect(plans().resume(id, { approved: true, step: "zebra" })).rejects.toMatchObject({
      code: "approval_not_waiting",
    });
    const waiting = await reaches(id, "awaiting_approval");
    expect(waiting.waiting).toEqual([`approve-${waiting.steps.at(-1)?.id}`]);
    await plans().resume(id, { approved: true }, { author: "ada" });
    await reaches(id, "completed");
    const other = await plans().make({ goal: "Summarise what routing is", mode: "confirm", execute: true });
    await reaches(other.id, "awaiting_approval");
    await plans().resume(other.id, { approved: false, comment: "too dear" }, { author: "ada" });
    const aborted = await reaches(other.id, "aborted");
    expect(aborted.error).toMatchObject({ code: "approval_rejected", message: expect.stringContaining("too dear") });
    expect((await plans().list({ status: "aborted" })).plans.map((one) => one.id)).toEqual([other.id]);
  });

  test("cancelling ends a pending plan for good, and the run of one that is executing", async () => {
    const { id } = await plans().make({ goal });
    expect(await plans().cancel(id)).toMatchObject({ status: "cancelled", run: null });
    expect(await plans().cancel(id)).toMatchObject({ status: "cancelled" });
    await expect(plans().execute(id)).rejects.toMatchObject({ code: "plan_cancelled" });
    const running = await plans().make({ goal, mode: "confirm", execute: true });
    await plans().cancel(running.id, { reason: "changed my mind" });
    expect(await reaches(running.id, "cancelled")).toMatchObject({ run: running.run });
  });

  test("a plan that nobody executed in time is gone, and says so", async () => {
    const brief = await app.another({ SWITCHYARD_PLAN_EXPIRE_AFTER: "1s" });
    const { id } = await brief.client.plans.make({ goal });
    await brief.close();
    await reaches(id, "expired");
    for (const late of [() => plans().execute(id), () => plans().edit(id, { version: 1 }), () => plans().cancel(id)])
      await expect(late()).rejects.toMatchObject({ code: "plan_expired" });
    expect((await fetch(`${app.url}/v1/plans/${id}/execute`, { method: "POST" })).status).toBe(410);
  });

  test("a provider that dies while it plans, or while the plan runs, is passed over", async () => {
    await app.simulator.down("openai", { kind: "status", status: 503 });
    try {
      const made = await plans().make({ goal, execute: true });
      expect(made.calls.map(({ provider, ok }) => [provider, ok])).toEqual(
        expect.arrayContaining([["anthropic", true]]),
      );
      const run = await app.client.wait(made.run ?? "");
      expect(run.status).toBe("succeeded");
      expect(run.steps.map(({ served }) => served?.provider)).not.toContain("openai");
    } finally {
      await app.simulator.up("openai");
    }
  });

  test("what is not there is not found, with what is wrong in the request told at once", async () => {
    await expect(plans().get("plan_x")).rejects.toMatchObject({ code: "plan_not_found" });
    await expect(plans().execute("plan_x")).rejects.toMatchObject({ code: "plan_not_found" });
    const answer = await fetch(`${app.url}/v1/plans`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ goal: " ", mode: "stepp", agnets: [] }),
    });
    const { code, problems } = (await answer.json()) as JsonObject & { problems: { path: string }[] };
    expect([answer.status, code]).toEqual([400, "bad_request"]);
    expect(problems.map(({ path }) => path).sort()).toEqual(["agnets", "goal", "mode"]);
  });

  test("tells the catalogue", async () => {
    const agents = await plans().agents();
    expect(agents.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["analyst", "researcher", "reviewer", "writer"]),
    );
    expect(agents.find(({ name }) => name === "reviewer")?.structured).toBe(true);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type RunningApp, startApp } from "../server/running-app.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp({ LLM_PROVIDERS: "openai" });
});
afterAll(() => running?.close());
beforeEach(() => running.simulator.up("openai"));

/** Two branches that join, and a step behind them; the second branch runs only where the input asks for it. */
const definition = `name: forked
input:
  type: object
  required: [topic]
  properties: { topic: { type: string }, deep: { type: boolean, default: false } }
defaults: { retry: { attempts: 1 } }
steps:
  - id: gather
    llm: { prompt: "Task gather of {{ input.topic }}" }
  - id: facts
    needs: [gather]
    llm: { prompt: "Task facts of {{ input.topic }}: {{ steps.gather.output }}" }
  - id: deep
    needs: [gather]
    when: input.deep
    llm: { prompt: "Task deep of {{ input.topic }}: {{ steps.gather.output }}" }
  - id: report
    needs: [facts, deep]
    llm: { prompt: "Task report of {{ input.topic }}: {{ steps.facts.output }}" }
  - id: title
    needs: [report]
    llm: { prompt: "Task title of {{ input.topic }}: {{ steps.report.output }}" }
output: { report: "{{ steps.report.output }}", title: "{{ steps.title.output }}" }
`;

const start = async (topic: string, more = {}) =>
  running.client.wait((await running.client.submit({ definition, input: { topic, ...more } })).id);

/** The steps of a topic that reached the provider since the last look. */
function asked(topic: string): readonly string[] {
  const prompts = running.simulator.hits("openai").map(({ prompt }) => prompt);
  running.simulator.clearHits();
  return prompts
    .flatMap((prompt) => /^Task (\w+) of ([\w-]+)/.exec(prompt)?.slice(1) ?? [])
    .flatMap((word, i, all) => (i % 2 === 0 && all[i + 1] === topic ? [word] : []));
}

describe("a retry", () => {
  test("calls nothing that succeeded, leaves the failed run as it was, and shows where it comes from", async () => {
    await running.simulator.down("openai", { kind: "status", status: 400, match: "Task report of retried" });
    const failed = await start("retried");
    expect(failed).toMatchObject({ status: "failed", error: { details: { step: "report" } } });
    const before = await running.client.history(failed.id);
    await running.simulator.up("openai");
    asked("retried");
    const retry = await running.client.wait((await running.client.retry(failed.id)).id);
    expect(retry).toMatchObject({ status: "succeeded", forkOf: { run: failed.id, step: "report" } });
    expect(asked("retried")).toEqual(["report", "title"]);
    expect(await running.client.history(failed.id)).toEqual(before);
    const { forks, ...rest } = await running.client.get(failed.id);
    expect([forks, rest]).toEqual([[retry.id], failed]);
  });

  test("shows who served the steps that it kept, and counts only its own costs", async () => {
    await running.simulator.down("openai", { kind: "status", status: 400, match: "Task title of served" });
    const failed = await start("served");
    await running.simulator.up("openai");
    const retry = await running.client.wait((await running.client.retry(failed.id)).id);
    const [gather, facts, deep, report, title] = retry.steps;
    for (const step of [gather, facts, report]) {
      expect(step).toMatchObject({ status: "succeeded", reusedFrom: failed.id, attempts: 0, costUsd: null });
      expect(step?.served).toEqual(failed.steps.find(({ id }) => id === step?.id)?.served);
    }
    expect(deep).toMatchObject({ status: "skipped" });
    expect(title?.reusedFrom).toBeUndefined();
    expect(retry.costUsd).toBe(title?.costUsd);
    // A fork of the fork names the run in which the step was executed.
    const again = await running.client.wait((await running.client.fork(retry.id, "title")).id);
    expect(again.steps.map(({ reusedFrom }) => reusedFrom)).toEqual([
      failed.id,
      failed.id,
      undefined,
      failed.id,
      undefined,
    ]);
  });

  test("of a cancelled run goes on where it was", async () => {
    await running.simulator.down("openai", { kind: "hold", match: "Task report of stopped" });
    const { id } = await running.client.submit({ definition, input: { topic: "stopped" } });
    await expect.poll(async () => (await running.client.get(id)).steps[3]?.status).toBe("running");
    await running.client.cancel(id);
    await running.client.wait(id);
    await running.simulator.up("openai");
    asked("stopped");
    const retry = await running.client.wait((await running.client.retry(id)).id);
    expect(retry).toMatchObject({ status: "succeeded", forkOf: { run: id, step: null } });
    expect(asked("stopped")).toEqual(["report", "title"]);
  });

  test("of a run that failed because too many of its steps did executes these, and what comes after them", async () => {
    const strict = `name: strict
soft_failure: "count:0"
defaults: { retry: { attempts: 1 } }
steps:
  - { id: left, needs: [], llm: { prompt: "Task left of {{ input.topic }}" } }
  - { id: right, needs: [], llm: { prompt: "Task right of {{ input.topic }}" } }
  - { id: join, needs: [left, right], llm: { prompt: "Task join of {{ input.topic }}" } }
`;
    await running.simulator.down("openai", { kind: "status", status: 400, match: "Task right of strict" });
    const { id } = await running.client.submit({ definition: strict, input: { topic: "strict" } });
    expect((await running.client.wait(id)).error?.code).toBe("too_many_failures");
    await running.simulator.up("openai");
    asked("strict");
    const retry = await running.client.wait((await running.client.retry(id)).id);
    expect([retry.status, asked("strict")]).toEqual(["succeeded", ["right", "join"]]);
  });

  test("of a run that has not failed is refused", async () => {
    const { id } = await start("fine");
    await expect(running.client.retry(id)).rejects.toMatchObject({ code: "nothing_to_retry", status: 409 });
    await expect(running.client.retry("run_nobody")).rejects.toMatchObject({ code: "run_not_found" });
  });
});

describe("a fork", () => {
  test("from any step with another input calls nothing before it; what comes after it reads the new one", async () => {
    const original = await start("Alpha");
    running.simulator.clearHits();
    const fork = await running.client.fork(original.id, "report", { input: { topic: "Beta", deep: true } });
    const { steps, input } = await running.client.wait(fork.id);
    expect(asked("Beta")).toEqual(["report", "title"]);
    expect(input).toEqual({ topic: "Beta", deep: true });
    // What was decided before the step stays decided.
    expect(steps.map(({ status }) => status)).toEqual(["succeeded", "succeeded", "skipped", "succeeded", "succeeded"]);
  });

  test("from a step that was skipped decides it anew", async () => {
    const original = await start("skipped");
    asked("skipped");
    const fork = await running.client.fork(original.id, "deep", { input: { topic: "skipped", deep: true } });
    expect((await running.client.wait(fork.id)).steps[2]?.status).toBe("succeeded");
    expect([...asked("skipped")].sort()).toEqual(["deep", "report", "title"]);
  });

  test("from the first step is a run of its own that knows where it comes from", async () => {
    const original = await start("first");
    asked("first");
    const fork = await running.client.wait((await running.client.fork(original.id, "gather")).id);
    expect(fork.output).toEqual(original.output);
    expect([...asked("first")].sort()).toEqual(["facts", "gather", "report", "title"]);
    expect(fork.forkOf).toEqual({ run: original.id, step: "gather" });
  });

  test("may follow another version of the workflow", async () => {
    const original = await start("version");
    const { version } = await running.client.store(definition.replace("Task title of", "Task headline of"));
    asked("version");
    const fork = await running.client.wait((await running.client.fork(original.id, "title", { version })).id);
    expect(fork).toMatchObject({ status: "succeeded", version });
    expect(asked("version")).toEqual(["headline"]);
  });

  test("of a run that goes on starts from what has ended", async () => {
    await running.simulator.down("openai", { kind: "hold", match: "Task title of open" });
    const { id } = await running.client.submit({ definition, input: { topic: "open" } });
    // A step runs before its provider hears of it.
    const titles = () => running.simulator.hits("openai").filter(({ prompt }) => prompt.includes("Task title of open"));
    await expect.poll(() => titles().length).toBe(1);
    asked("open");
    const fork = await running.client.fork(id, "report");
    await expect.poll(() => titles().length).toBe(1);
    expect(asked("open")).toEqual(["report", "title"]);
    await running.simulator.up("openai");
    expect([(await running.client.wait(id)).status, (await running.client.wait(fork.id)).status]).toEqual([
      "succeeded",
      "succeeded",
    ]);
  });

  test("asked for many times under one key is one run; with another request the key is refused", async () => {
    const original = await start("many");
    asked("many");
    const idempotencyKey = "fork-many";
    const forks = await Promise.all(
      Array.from({ length: 20 }, () => running.client.fork(original.id, "title", { idempotencyKey })),
    );
    expect(new Set(forks.map(({ id }) => id)).size).toBe(1);
    await running.client.wait(forks[0]?.id ?? "");
    expect(asked("many")).toEqual(["title"]);
    expect((await running.client.get(original.id)).forks).toHaveLength(1);
    await expect(running.client.fork(original.id, "report", { idempotencyKey })).rejects.toMatchObject({
      code: "idempotency_conflict",
    });
  });

  test("is refused where it makes no sense, with all that helps", async () => {
    await running.simulator.down("openai", { kind: "status", status: 400, match: "Task report of refused" });
    const failed = await start("refused");
    const refused = (from: string, options = {}) => running.client.fork(failed.id, from, options);
    await expect(refused("repot")).rejects.toMatchObject({ code: "unknown_step", status: 400 });
    await expect(refused("title")).rejects.toMatchObject({ code: "step_not_reached", status: 409 });
    await expect(refused("report", { input: { topic: 3 } })).rejects.toMatchObject({ code: "invalid_input" });
    await expect(refused("report", { version: 99 })).rejects.toMatchObject({ code: "workflow_not_found" });
    await expect(refused("report", { hints: { provider: "opena" } })).rejects.toMatchObject({
      code: "unknown_provider",
    });
    expect((await running.client.get(failed.id)).forks).toBeUndefined();
  });

  test("keeps a failure that the run tolerated, with what stood in for its output", async () => {
    const tolerant = `name: tolerant
defaults: { retry: { attempts: 1 } }
steps:
  - id: facts
    llm: { prompt: "Task facts of {{ input.topic }}" }
    on_error: { default: none }
  - id: report
    llm: { prompt: "Task report of {{ input.topic }}: {{ steps.facts.output }}" }
output: "{{ steps.facts.output }}"
`;
    await running.simulator.down("openai", { kind: "status", status: 400, match: "Task facts of tolerant" });
    const { id } = await running.client.submit({ definition: tolerant, input: { topic: "tolerant" } });
    await running.client.wait(id);
    await running.simulator.up("openai");
    asked("tolerant");
    const fork = await running.client.wait((await running.client.fork(id, "report")).id);
    expect(fork).toMatchObject({ status: "succeeded", output: "none" });
    expect(fork.steps.map(({ status, error }) => [status, error?.code])).toEqual([
      ["failed", "provider_rejected"],
      ["succeeded", undefined],
    ]);
    expect(asked("tolerant")).toEqual(["report"]);
  });

  test("keeps nothing open that has ended, and lists the fork beside its run", async () => {
    const original = await start("listed");
    const fork = await running.client.wait((await running.client.fork(original.id, "title")).id);
    const { runs } = await running.client.list({ limit: 2 });
    expect(runs.map(({ id, forkOf }) => [id, forkOf?.run])).toEqual([
      [fork.id, original.id],
      [original.id, undefined],
    ]);
    expect(await running.app.engine.reconcile()).toMatchObject({ added: 0 });
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningApp, startApp } from "../server/running-app.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.close());

const failing = (id: string, more = "") =>
  `  - id: ${id}\n    needs: []\n    wait: { signal: never, timeout: 10ms }\n${more}`;
const fine = (id: string) => `  - id: ${id}\n    needs: []\n    wait: { for: 1ms }\n`;

async function ended(definition: string, input = {}) {
  const { id } = await running.client.submit({ definition, input });
  const run = await running.client.wait(id);
  return { run, events: await running.client.history(id) };
}

describe("a step that fails for good", () => {
  test("fails the run, unless it says otherwise", async () => {
    const { run } = await ended(`name: f1\nsteps:\n${failing("a")}`);
    expect(run).toMatchObject({ status: "failed", error: { code: "wait_timeout" } });
  });

  test("with on_error: continue gives null, and what follows runs", async () => {
    const { run, events } = await ended(
      `name: f2\nsteps:\n${failing("a", "    on_error: continue\n")}  - id: b\n    wait: { for: 1ms }\noutput: { a: "{{ steps.a.output }}" }\n`,
    );
    expect(run).toMatchObject({ status: "succeeded", output: { a: null } });
    expect(run.steps.map(({ status }) => status)).toEqual(["failed", "succeeded"]);
    expect(events).toContainEqual(expect.objectContaining({ type: "step.failed", step: "a", tolerated: true }));
  });

  test("with a default gives that, and conditions read it", async () => {
    const { run } = await ended(
      `name: f3\nsteps:\n${failing("a", "    on_error: { default: { ok: false, list: [1] } }\n")}  - id: b\n    when: steps.a.output.ok\n    wait: { for: 1ms }\noutput: "{{ steps.a.output }}"\n`,
    );
    expect(run.output).toEqual({ ok: false, list: [1] });
    expect(run.steps[1]?.status).toBe("skipped");
  });
});

describe("a run whose output does not match its output_schema", () => {
  const definition = `name: shaped
input: { type: object, properties: { n: {} } }
output_schema: { type: object, properties: { n: { type: integer } } }
steps:
${fine("a")}output: { n: "{{ input.n }}" }
`;

  test("fails with what is wrong", async () => {
    expect((await ended(definition, { n: 1 })).run).toMatchObject({ status: "succeeded", output: { n: 1 } });
    const { run } = await ended(definition, { n: "one" });
    expect(run).toMatchObject({ status: "failed", output: null, error: { code: "output_invalid" } });
    expect(run.error?.message).toContain("output.n must be integer");
  });
});

describe("a failed step that goes to another one", () => {
  const definition = `name: goes
steps:
${failing("a", "    on_error: { goto: sorry }\n")}  - id: b
    needs: [a]
    wait: { for: 1ms }
  - id: sorry
    needs: []
    transform: { why: steps.a.error.code, output: steps.a.output }
output: { sorry: "{{ steps.sorry.output }}", message: "{{ steps.a.error.message }}" }
`;

  test("passes over what lies between, and its error is read there and in the output", async () => {
    const { run, events } = await ended(definition);
    expect(run).toMatchObject({
      status: "succeeded",
      output: { sorry: { why: "wait_timeout", output: null }, message: expect.stringContaining("never") },
    });
    expect(run.steps.map(({ id, status }) => `${id} ${status}`)).toEqual(["a failed", "b skipped", "sorry succeeded"]);
    expect(events).toContainEqual(expect.objectContaining({ type: "step.failed", step: "a", tolerated: true }));
  });

  test("goes there in a fork that keeps it, too", async () => {
    const { run } = await ended(definition);
    const fork = await running.client.fork(run.id, "sorry");
    const forked = await running.client.wait(fork.id);
    expect(forked.output).toEqual(run.output);
    expect(forked.steps.map(({ status }) => status)).toEqual(["failed", "skipped", "succeeded"]);
  });
});

describe("soft_failure", () => {
  const three = (tolerance: string) =>
    `name: soft\nsoft_failure: "${tolerance}"\nsteps:\n${failing("a")}${failing("b")}${fine("c")}output: done\n`;
  test.each([
    ["any", "succeeded"],
    ["count:2", "succeeded"],
    ["count:1", "failed"],
    ["percentage:67", "succeeded"],
    ["percentage:50", "failed"],
    ["required:c", "succeeded"],
    ["required:a,c", "failed"],
    ["none", "failed"],
  ])("%s: with two of three steps failed the run has %s", async (tolerance, status) => {
    const { run } = await ended(three(tolerance));
    expect(run.status).toBe(status);
    if (status === "succeeded") expect(run.output).toBe("done");
    else expect(run.error?.code).toBe(tolerance === "none" ? "wait_timeout" : "too_many_failures");
  });

  test.each(["some", "count:", "count:1.5", "percentage:101", "required:"])(
    "%s is refused with what is allowed",
    async (text) => {
      await expect(running.client.submit({ definition: three(text) })).rejects.toMatchObject({
        code: "invalid_definition",
        message: expect.stringContaining("count:N"),
      });
    },
  );

  test("that requires a step which is not there is refused, with the one that is meant", async () => {
    const definition = `name: soft2\nsoft_failure: required:firs\nsteps:\n${fine("first")}`;
    await expect(running.client.submit({ definition })).rejects.toMatchObject({
      message: expect.stringContaining("Did you mean first?"),
    });
  });
});

describe("retry.on", () => {
  const definition = (on: string) => `name: on\nsteps:
  - id: a
    llm: { prompt: "Hello" }
    route: { provider: openai, strict_provider: true, max_calls: 1 }
    retry: { attempts: 3, backoff: 1ms, on: [${on}] }
`;
  test("tries again after failures of its classes only", async () => {
    await running.simulator.down("openai", { kind: "status", status: 500, times: 2 });
    expect((await ended(definition("server"))).run).toMatchObject({ status: "succeeded", steps: [{ attempts: 3 }] });
    await running.simulator.down("openai", { kind: "status", status: 500, times: 2 });
    expect((await ended(definition("network, timeout"))).run).toMatchObject({
      status: "failed",
      steps: [{ attempts: 1 }],
    });
    await running.simulator.up("openai");
  });
});

describe("cache", () => {
  const cached = (name: string, prompt: string) =>
    `name: ${name}\nsteps:\n  - id: a\n    llm: { prompt: "${prompt}" }\n    cache: 1h\noutput: "{{ steps.a.output }}"\n`;
  test("an equal step of any run gives the same without a call; another content is called", async () => {
    running.simulator.clearHits();
    const { run: first } = await ended(cached("c1", "Say {{ input.what }}"), { what: "one" });
    const { run: second, events } = await ended(cached("c2", "Say {{ input.what }}"), { what: "one" });
    expect(second.output).toBe(first.output);
    expect(second.steps[0]).toMatchObject({ status: "succeeded", calls: 0, costUsd: null });
    expect(events).toContainEqual(expect.objectContaining({ type: "step.succeeded", cached: true }));
    expect(running.simulator.hits()).toHaveLength(1);
    await ended(cached("c2", "Say {{ input.what }}"), { what: "two" });
    expect(running.simulator.hits()).toHaveLength(2);
  });
});

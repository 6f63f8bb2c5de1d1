import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunEvent } from "../../src/core/run.ts";
import { type RunningApp, startApp } from "../server/running-app.ts";
import { eventually } from "../support/eventually.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.close());

const submit = async (definition: string, input = {}) => (await running.client.submit({ definition, input })).id;
const typesOf = (events: readonly RunEvent[]) => events.map(({ type }) => type);
const terminal = (events: readonly RunEvent[]) =>
  typesOf(events).filter((type) => ["run.succeeded", "run.failed", "run.cancelled"].includes(type));

/** A run whose first step waits in the provider until it is released. */
async function held(definition: string) {
  running.simulator.clearHits();
  await running.simulator.down("openai", { kind: "hold" });
  const id = await submit(definition);
  await eventually(() => expect(running.simulator.hits("openai")).toHaveLength(1));
  return { id, release: () => running.simulator.up("openai") };
}

describe("a signal", () => {
  const waiting = `name: for-signal
steps:
  - id: go
    wait: { signal: go, schema: { type: object, required: [n], properties: { n: { type: number } } } }
  - id: more
    wait: { signal: go }
output: ["{{ steps.go.output.n }}", "{{ steps.more.output }}"]
`;

  test("wakes the step that waits for it, and one that comes early is kept for the next", async () => {
    const id = await submit(waiting);
    await eventually(async () => expect((await running.client.get(id)).steps[0]?.status).toBe("waiting"));
    await running.client.signal(id, "go", { payload: { n: 1 }, author: "ada" });
    await running.client.signal(id, "go", { payload: "second" });
    expect((await running.client.wait(id)).output).toEqual([1, "second"]);
    expect(await running.client.history(id)).toContainEqual(
      expect.objectContaining({ type: "signal.received", name: "go", by: "ada" }),
    );
  });

  test("sent before anybody waits is taken once, and sent twice under one id is one signal", async () => {
    const id = await submit(waiting);
    await running.client.signal(id, "go", { payload: { n: 2 }, id: "x" });
    await running.client.signal(id, "go", { payload: { n: 3 }, id: "x" });
    await eventually(async () => expect((await running.client.get(id)).steps[1]?.status).toBe("waiting"));
    expect((await running.client.get(id)).steps[0]?.status).toBe("succeeded");
    await running.client.signal(id, "go", { payload: null });
    expect((await running.client.wait(id)).output).toEqual([2, null]);
  });

  test("that does not fit the schema is refused in the history, and the step waits on", async () => {
    const id = await submit(waiting);
    await running.client.signal(id, "go", { payload: { n: "seven" } });
    await eventually(async () => expect(typesOf(await running.client.history(id))).toContain("signal.refused"));
    await running.client.signal(id, "go", { payload: { n: 7 } });
    await running.client.signal(id, "go", { payload: 8 });
    expect((await running.client.wait(id)).output).toEqual([7, 8]);
  });

  test("at the instant of its timeout takes exactly one of the two ways", async () => {
    const definition = `name: race
steps:
  - id: s
    wait: { signal: go, timeout: 60ms, on_timeout: continue }
output: "{{ steps.s.output }}"
`;
    const runs = await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        const id = await submit(definition);
        await new Promise((soon) => setTimeout(soon, 20 + 2 * i));
        const late = await running.client.signal(id, "go", { payload: "came" }).catch((error) => error.code);
        return { id, late };
      }),
    );
    for (const { id, late } of runs) {
      const run = await running.client.wait(id);
      expect([null, "came"]).toContain(run.output);
      // Refused because the run was over: then it was the timeout.
      if (late === "run_ended") expect(run.output).toBeNull();
      expect(terminal(await running.client.history(id))).toEqual(["run.succeeded"]);
    }
  });

  test("that never comes fails the step at its timeout", async () => {
    const id = await submit("name: never\nsteps:\n  - id: s\n    wait: { signal: go, timeout: 50ms }\n");
    expect((await running.client.wait(id)).error).toMatchObject({ code: "wait_timeout" });
  });

  test("to a run that has ended is refused, as is one to nobody", async () => {
    const id = await submit("name: short\nsteps:\n  - id: s\n    wait: { for: 1ms }\n");
    await running.client.wait(id);
    await expect(running.client.signal(id, "go")).rejects.toMatchObject({ code: "run_ended", status: 409 });
    await expect(running.client.signal("run_nobody", "go")).rejects.toMatchObject({ code: "run_not_found" });
  });
});

describe("waiting for a time", () => {
  test("goes on by itself, and holds no worker", async () => {
    const id = await submit(
      'name: nap\nsteps:\n  - id: s\n    wait: { for: 300ms }\n  - id: t\n    wait: { until: "2020-01-01T00:00:00Z" }\n',
    );
    await eventually(async () => expect((await running.client.get(id)).steps[0]?.waitingUntil).not.toBeNull());
    const run = await running.client.wait(id);
    const [nap] = run.steps;
    expect((nap?.finishedAt ?? 0) - (nap?.startedAt ?? 0)).toBeGreaterThanOrEqual(300);
    expect(run.status).toBe("succeeded");
  });
});

describe("an approval", () => {
  const definition = `name: ask
steps:
  - id: ask
    approval:
      message: "Send it to {{ input.to }}?"
      who: [ada]
      form: { type: object, required: [amount], properties: { amount: { type: number } } }
  - id: done
    wait: { for: 1ms }
output: "{{ steps.ask.output }}"
`;

  test("goes on with who approved, what they said, and the form", async () => {
    const id = await submit(definition, { to: "Bob" });
    await eventually(async () => expect((await running.client.get(id)).steps[0]?.status).toBe("waiting"));
    expect(await running.client.history(id)).toContainEqual(
      expect.objectContaining({ type: "step.waiting", until: null, reason: "for approval by ada: Send it to Bob?" }),
    );
    await running.client.decide(id, "approve", { author: "ada", comment: "fine", form: { amount: 3 } });
    expect((await running.client.wait(id)).output).toEqual({
      approved: true,
      by: "ada",
      comment: "fine",
      form: { amount: 3 },
    });
  });

  test("that is rejected fails the run", async () => {
    const id = await submit(definition, { to: "Bob" });
    await eventually(async () => expect((await running.client.get(id)).steps[0]?.status).toBe("waiting"));
    await running.client.decide(id, "reject", { author: "eve", comment: "no" });
    expect((await running.client.wait(id)).error).toMatchObject({
      code: "approval_rejected",
      message: expect.stringContaining("eve rejected it: no"),
    });
    await expect(running.client.decide(id, "approve")).rejects.toMatchObject({ code: "approval_not_waiting" });
  });
});

describe("a child run", () => {
  test("gives its output to the step that started it, and the two know each other", async () => {
    await running.client.store(
      'name: child\nsteps:\n  - id: s\n    wait: { signal: go }\noutput: { got: "{{ steps.s.output }}", from: "{{ input.from }}" }\n',
    );
    const id = await submit(
      'name: mother\nsteps:\n  - id: c\n    workflow: { name: child, input: { from: "{{ input.me }}" } }\noutput: "{{ steps.c.output }}"\n',
      { me: "mum" },
    );
    const child = await eventually(async () => {
      const found = (await running.client.list({ workflow: "child", all: true })).runs.find((run) => run.parent === id);
      expect(found).toBeDefined();
      return found?.id ?? "";
    });
    await running.client.signal(child, "go", { payload: 5 });
    expect((await running.client.wait(id)).output).toEqual({ got: 5, from: "mum" });
  });

  test("ends with its parent", async () => {
    const id = await submit("name: mother2\nsteps:\n  - id: c\n    workflow: { name: child, input: { from: x } }\n");
    const child = await eventually(async () => {
      const found = (await running.client.list({ workflow: "child", all: true })).runs.find((run) => run.parent === id);
      expect(found).toBeDefined();
      return found?.id ?? "";
    });
    await running.client.cancel(id, { author: "ada", reason: "enough" });
    expect((await running.client.wait(id)).status).toBe("cancelled");
    expect((await running.client.wait(child)).status).toBe("cancelled");
  });

  test("that fails fails its step", async () => {
    await running.client.store("name: broken\nsteps:\n  - id: s\n    wait: { signal: no, timeout: 20ms }\n");
    const id = await submit("name: mother3\nsteps:\n  - id: c\n    workflow: { name: broken }\n");
    expect((await running.client.wait(id)).error).toMatchObject({ code: "child_failed" });
  });
});

describe("cancelling", () => {
  test("aborts a call that runs, drops what it brings, and is said once", async () => {
    const { id, release } = await held(
      'name: c1\nsteps:\n  - id: s\n    llm: { prompt: "Hello" }\n    route: { provider: openai, strict_provider: true }\n  - id: t\n    llm: { prompt: "x" }\n',
    );
    await Promise.all([running.client.cancel(id, { author: "ada" }), running.client.cancel(id)]);
    const run = await running.client.wait(id);
    expect(run.status).toBe("cancelled");
    await release();
    await running.client.cancel(id);
    const events = await running.client.history(id);
    expect(terminal(events)).toEqual(["run.cancelled"]);
    expect(run.steps.map(({ status }) => status)).toEqual(["cancelled", "pending"]);
    expect(typesOf(events)).not.toContain("step.succeeded");
  });

  test("is refused once the run has ended otherwise", async () => {
    const id = await submit("name: short2\nsteps:\n  - id: s\n    wait: { for: 1ms }\n");
    await running.client.wait(id);
    await expect(running.client.cancel(id)).rejects.toMatchObject({ code: "run_ended" });
  });
});

describe("pausing", () => {
  test("starts nothing until it is resumed; what is under way ends", async () => {
    const { id, release } = await held(
      'name: p1\nsteps:\n  - id: s\n    llm: { prompt: "Hello" }\n    route: { provider: openai, strict_provider: true }\n  - id: t\n    wait: { for: 1ms }\n',
    );
    expect((await running.client.pause(id, { author: "ada" })).status).toBe("paused");
    await release();
    await eventually(async () => expect((await running.client.get(id)).steps[0]?.status).toBe("succeeded"));
    await running.app.engine.reconcile();
    expect((await running.client.get(id)).steps[1]?.status).toBe("queued");
    expect((await running.client.get(id)).status).toBe("paused");
    await running.client.resume(id, { author: "ada" });
    expect((await running.client.wait(id)).status).toBe("succeeded");
    expect(typesOf(await running.client.history(id)).filter((type) => /paused|resumed/.test(type))).toEqual([
      "run.paused",
      "run.resumed",
    ]);
  });
});

import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { define } from "./support/define.ts";
import { PureDriver } from "./support/pure-driver.ts";

interface StepSpec {
  readonly id: string;
  readonly needs?: readonly string[];
  readonly when?: string;
}

function machineOf(steps: readonly StepSpec[], more: JsonObject = {}) {
  const body = steps.map((step) => ({ ...step, noop: {} }) as unknown as JsonObject);
  return define({ name: "w", steps: body, ...more }).machine;
}

const diamond: readonly StepSpec[] = [
  { id: "top" },
  { id: "left", needs: ["top"] },
  { id: "right", needs: ["top"] },
  { id: "bottom", needs: ["left", "right"] },
];

describe("machineOf", () => {
  test("runs steps without needs one after the other", () => {
    const run = new PureDriver(machineOf([{ id: "a" }, { id: "b" }]), {});
    expect([run.running, run.status]).toEqual([["a"], { running: "a" }]);
    run.succeed("a");
    expect([run.running, run.status]).toEqual([["b"], { running: "b" }]);
    run.succeed("b");
    expect([run.running, run.status, run.snapshot.status]).toEqual([[], "succeeded", "done"]);
  });

  test("runs what needs the same step side by side, and joins it again", () => {
    const run = new PureDriver(machineOf(diamond), {});
    run.succeed("top");
    expect(run.running).toEqual(["left", "right"]);
    run.succeed("right");
    expect(run.running).toEqual(["left"]);
    run.succeed("left");
    expect(run.running).toEqual(["bottom"]);
    run.succeed("bottom");
    expect(run.status).toBe("succeeded");
  });

  test("starts a step of a group as soon as its own needs have ended, without waiting for the others", () => {
    const steps = [
      { id: "a", needs: [] },
      { id: "b", needs: [] },
      { id: "after_a", needs: ["a"] },
    ];
    const run = new PureDriver(machineOf(steps), {});
    run.succeed("a");
    expect(run.running).toEqual(["after_a", "b"]);
  });

  test("gives each job nothing but its step", () => {
    const run = new PureDriver(machineOf([{ id: "a" }]), { log: "long" });
    expect(run.effects).toMatchObject([
      { type: "xstate.spawnChild", params: { id: "a", src: "noop", input: { step: "a" } } },
    ]);
  });

  test("is pure data: its config is the same after a way through JSON, save for the context's function", () => {
    const { context: _, ...config } = machineOf([...diamond, { id: "last", when: "input.x == 1" }], {
      timeout: "1m",
    }).config;
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
  });

  test("names states after steps, and groups by their place", () => {
    expect(Object.keys(machineOf(diamond).states.running?.states ?? {})).toEqual(["top", "group 2", "bottom"]);
  });

  test("cuts two layers that are fully connected although no single step separates them", () => {
    const steps = [
      { id: "a", needs: [] },
      { id: "b", needs: [] },
      { id: "c", needs: ["a", "b"] },
      { id: "d", needs: ["a", "b"] },
    ];
    expect(Object.keys(machineOf(steps).states.running?.states ?? {})).toEqual([
      "before group 1",
      "group 1",
      "group 2",
    ]);
  });

  test("lays out branches as sequences of their own, which cost what a sequence costs", () => {
    const chain = (name: string) =>
      Array.from({ length: 300 }, (_, index) => ({
        id: `${name}${index}`,
        needs: index === 0 ? [] : [`${name}${index - 1}`],
      }));
    const machine = machineOf([...chain("a"), ...chain("b")]);
    expect(Object.keys(machine.states.running?.states["group 1"]?.states ?? {})).toEqual(["branch 1", "branch 2"]);
    const run = new PureDriver(machine, {});
    for (let index = 0; index < 200; index++) run.succeed(`a${index}`);
    expect([run.running, run.persisted().length < 800]).toEqual([["a200", "b0"], true]);
  });

  test("leaves steps in one mesh that neither sequences nor branches can express", () => {
    const steps = [
      { id: "a", needs: [] },
      { id: "b", needs: [] },
      { id: "after_a", needs: ["a"] },
      { id: "after_both", needs: ["a", "b"] },
    ];
    const run = new PureDriver(machineOf(steps), {});
    expect(run.status).toEqual({
      running: { "group 1": { a: "running", b: "running", after_a: "pending", after_both: "pending" } },
    });
    run.succeed("b");
    run.succeed("a");
    expect(run.running).toEqual(["after_a", "after_both"]);
  });

  test.each(["failed", "succeeded", "running", "pending", "constructor", "toString", "hasOwnProperty"])(
    "takes %s for a step's id",
    (id) => {
      const run = new PureDriver(
        machineOf([
          { id: "first", needs: [] },
          { id, needs: [] },
          { id: "end", needs: ["first", id] },
        ]),
        {},
      );
      run.succeed(id);
      run.succeed("first");
      expect(run.running).toEqual(["end"]);
      run.succeed("end");
      expect(run.status).toBe("succeeded");
    },
  );

  test("takes a name with dots", () => {
    const { machine } = define({ name: "a.b.running", steps: [{ id: "x", noop: {} }], timeout: "1m" });
    const run = new PureDriver(machine, {});
    run.fail("x");
    expect(run.status).toBe("failed");
  });
});

describe("a failing step", () => {
  test("ends the run and stops its siblings", () => {
    const run = new PureDriver(machineOf(diamond), {});
    run.succeed("top");
    run.fail("left");
    expect([run.status, run.snapshot.status, run.running]).toEqual(["failed", "done", []]);
    expect(run.snapshot.context.error).toEqual({
      step: "left",
      error: { code: "provider_failed", message: "left broke" },
    });
    const stopped = run.effects.filter(({ type }) => type === "xstate.stopChild").map(({ params }) => params.id);
    expect(stopped).toContain("right");
  });

  test("changes nothing when it comes from a step that no longer runs", () => {
    const run = new PureDriver(machineOf(diamond), {});
    run.succeed("top");
    run.fail("top");
    expect([run.snapshot.status, run.running]).toEqual(["active", ["left", "right"]]);
  });
});

describe("when", () => {
  const choice: readonly StepSpec[] = [
    { id: "sort" },
    { id: "serious", when: 'steps.sort.output.severity != "low"' },
    { id: "end" },
  ];

  test("runs the step when it holds", () => {
    const run = new PureDriver(machineOf(choice), {});
    run.succeed("sort", { severity: "high", text: "x".repeat(10_000) });
    expect(run.running).toEqual(["serious"]);
    expect(run.snapshot.context.values).toEqual({ "steps.sort.output.severity": '"high"' });
  });

  test("skips the step, says so and goes on when it does not", () => {
    const run = new PureDriver(machineOf(choice), {});
    run.succeed("sort", { severity: "low" });
    expect([run.running, run.emitted]).toEqual([["end"], [{ type: "step.skipped", step: "serious" }]]);
  });

  test("fails the step when it reads a value that is not there", () => {
    const run = new PureDriver(machineOf(choice), {});
    run.succeed("sort", { severty: "low" });
    const message = 'Step "serious", when: steps.sort.output.severity is missing.';
    const error = { code: "template_failed", message };
    expect(run.emitted).toEqual([{ type: "step.failed", step: "serious", error }]);
    expect([run.status, run.snapshot.context.error]).toEqual(["failed", { step: "serious", error }]);
  });

  test("reads null from a skipped step", () => {
    const steps = [
      { id: "a", when: "input.x == 1" },
      { id: "b", when: "steps.a.output.text == nil" },
      { id: "c", when: "steps.a.output" },
    ];
    const run = new PureDriver(machineOf(steps), { x: 2 });
    expect(run.running).toEqual(["b"]);
    run.succeed("b");
    expect([run.status, run.emitted.length]).toEqual(["succeeded", 2]);
  });

  test.each([
    ["input.tags.size > 1", { tags: ["a", "b"] }],
    ["input.tags contains 'b'", { tags: ["a", "b"] }],
    ["input.tags[1] == 'b' and input.tags.first == 'a'", { tags: ["a", "b"] }],
    ["input.tags contains 'b' and input.tags.size == 2", { tags: ["a", "b"] }],
    ["input['a key'].b", { "a key": { b: true } }],
    ["input[input.key] == 3", { key: "n", n: 3 }],
    ["input.absent | default: true", { n: 1 }],
    ["input.deep.absent | default: true", { deep: {} }],
    ["input.actor.id == 1", { actor: { xstate$$type: 1, id: 1 } }],
  ])("evaluates %s from what was kept", (when, input) => {
    const run = new PureDriver(machineOf([{ id: "a" }, { id: "b", when }]), input);
    run.succeed("a");
    expect(run.running).toEqual(["b"]);
  });

  test("keeps nothing that no condition reads", () => {
    const run = new PureDriver(machineOf([{ id: "a", when: "input.x" }, { id: "b" }]), { x: 1, log: "long" });
    run.succeed("a", "text");
    expect(run.snapshot.context.values).toEqual({ "input.x": "1" });
  });

  test("decides a step of a group only when its needs have ended", () => {
    const steps = [
      { id: "a", needs: [] },
      { id: "b", needs: [] },
      { id: "c", needs: ["a"], when: "steps.a.output.go" },
    ];
    const run = new PureDriver(machineOf(steps), {});
    run.succeed("b");
    expect(run.running).toEqual(["a"]);
    run.succeed("a", { go: false });
    expect([run.status, run.emitted]).toEqual(["succeeded", [{ type: "step.skipped", step: "c" }]]);
  });
});

describe("a workflow's timeout", () => {
  const machine = machineOf([{ id: "a" }], { timeout: "10m" });

  test("is asked for as a delayed event when the run begins, and cancelled when it ends", () => {
    const run = new PureDriver(machine, {});
    const raised = run.effects.find(({ type }) => type === "xstate.raise");
    expect(raised?.params).toMatchObject({ delay: 600_000 });
    run.succeed("a");
    const cancelled = run.effects.find(({ type }) => type === "xstate.cancel");
    expect(cancelled?.params.sendId).toBe(raised?.params.id);
  });

  test("fails the run when it comes", () => {
    const run = new PureDriver(machine, {});
    const raised = run.effects.find(({ type }) => type === "xstate.raise");
    run.send(raised?.params.event as { type: string });
    const message = "The run took longer than the workflow's timeout of 10 m 00 s.";
    expect([run.status, run.snapshot.context.error]).toEqual([
      "failed",
      { step: null, error: { code: "run_timeout", message } },
    ]);
  });
});

describe("a sequence of 200 steps", () => {
  const steps = Array.from({ length: 200 }, (_, index) => ({ id: `step_${index}` }));

  test("has a snapshot that does not grow", () => {
    const run = new PureDriver(machineOf(steps), {});
    const sizes = steps.map(({ id }, index) => {
      run.succeed(id, { text: "x".repeat(1_000), index });
      return run.persisted().length;
    });
    expect(run.status).toBe("succeeded");
    expect(Math.abs((sizes[190] ?? 0) - (sizes[10] ?? 0))).toBeLessThan(20);
    expect(sizes[100]).toBeLessThan(600);
  });
});

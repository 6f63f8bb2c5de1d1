import { describe, expect, test } from "vitest";
import { type AnyStateMachine, and, assign, createMachine, fromPromise, not, setup } from "xstate";
import { xstateConfig } from "../../../src/workflow/graph/xstate-config.ts";
import { define } from "../support/define.ts";
import { PureDriver } from "../support/pure-driver.ts";

const source = `name: forms
input: { type: object }
steps:
  - id: sort
    noop: { text: x }
  - id: left
    needs: [sort]
    when: steps.sort.output == "left"
    noop: { text: x }
  - id: right
    needs: [sort]
    noop: { text: x }
  - id: both
    needs: [left, right]
    noop: { text: x }
  - id: alone
    needs: [right]
    noop: { text: x }
timeout: 1h
`;

/** Every state of a machine with the events it takes and where they lead. */
function chart(machine: AnyStateMachine): readonly unknown[] {
  const states: unknown[] = [];
  const visit = (node: AnyStateMachine["root"]): void => {
    const taken = [...node.transitions.values()].flat().concat(node.always ?? []);
    states.push([node.id, node.type, taken.map(({ eventType, target }) => [eventType, target?.map(({ id }) => id)])]);
    for (const child of Object.values(node.states)) visit(child);
  };
  visit(machine.root);
  return states;
}

describe("a workflow's machine as XState's config", () => {
  test("is JSON of which createMachine makes the same statechart", () => {
    const { machine } = define(source);
    const config = JSON.parse(JSON.stringify(xstateConfig(machine)));
    expect(config).toEqual(xstateConfig(machine));
    const again = createMachine(config as never);
    expect(chart(again)).toEqual(chart(machine));
    expect(chart(machine).length).toBeGreaterThan(15);
  });

  test("runs as the original does once the names are provided", () => {
    const { machine } = define(source);
    const context = machine.config.context as object;
    const { actions, guards, actors } = machine.implementations;
    const again = createMachine({ ...xstateConfig(machine), context } as never, { actions, guards, actors } as never);
    const runs = [machine, again].map((one) => {
      const run = new PureDriver(one, {}, false);
      run.succeed("sort", "left");
      for (const step of ["right", "left", "both", "alone"]) run.succeed(step, "x");
      return [run.started, run.status];
    });
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]).toEqual([["sort", "right", "left", "alone", "both"], "succeeded"]);
  });

  test("names what stands inline in a machine of somebody's own, and leaves out what only a program can hold", () => {
    const machine = setup({
      actors: { llm: fromPromise(async () => "x") },
      actions: { note: () => undefined },
      guards: { isUrgent: () => true },
    }).createMachine({
      id: "order",
      initial: "src",
      context: { count: 0 },
      entry: ["note", assign({ count: 1 }), () => undefined],
      states: {
        src: {
          invoke: {
            src: "llm",
            input: () => ({ prompt: "x" }),
            onDone: [
              { guard: "isUrgent", target: "guard" },
              { guard: and(["isUrgent", not("isUrgent")]), target: "guard" },
            ],
          },
          after: { 1000: "guard" },
        },
        guard: { type: "final", meta: { title: "over" } },
      },
      output: () => "x",
    });
    expect(xstateConfig(machine)).toEqual({
      id: "order",
      initial: "src",
      context: { count: 0 },
      entry: ["note", { type: "xstate.assign" }, { type: "inline" }],
      states: {
        src: {
          invoke: {
            src: "llm",
            onDone: [
              { guard: "isUrgent", target: "guard" },
              { guard: { type: "and" }, target: "guard" },
            ],
          },
          after: { 1000: "guard" },
        },
        guard: { type: "final", meta: { title: "over" } },
      },
    });
  });
});

import { describe, expect, test } from "vitest";
import { createMachine } from "xstate";
import { machineGraph } from "../../../src/workflow/graph/machine-graph.ts";
import { svgText } from "../../../src/workflow/graph/svg.ts";
import { xmlMistake } from "../support/xml.ts";

const machine = createMachine({
  id: "order",
  initial: "sorting",
  states: {
    sorting: { invoke: { id: "sort", src: "llm", onDone: "checks", onError: "lost" }, after: { 5000: "lost" } },
    checks: {
      type: "parallel",
      states: {
        money: { initial: "open", states: { open: { on: { PAID: "paid" } }, paid: { type: "final" } } },
        goods: {
          initial: "open",
          states: { open: { always: { guard: "inStock", target: "there" } }, there: { type: "final" } },
        },
      },
      onDone: "done",
      on: { CANCEL: "lost" },
    },
    done: { type: "final" },
    lost: { type: "final" },
  },
});

describe("the graph of a machine", () => {
  const { nodes, edges, groups } = machineGraph(machine);
  const arrows = edges.map(
    ({ from, to, label, isFailure }) => `${from} > ${to}${label ? ` ${label}` : ""}${isFailure ? " !" : ""}`,
  );

  test("frames states with states, and marks those whose regions run side by side", () => {
    expect(groups).toEqual([
      { id: "order.checks", label: "checks", isParallel: true },
      { id: "order.checks.money", label: "money", parent: "order.checks" },
      { id: "order.checks.goods", label: "goods", parent: "order.checks" },
    ]);
  });

  test("has an arrow for each transition, with event, delay and guard", () => {
    expect(arrows).toEqual(
      expect.arrayContaining([
        "order begins > order.sorting",
        "order.sorting > order.checks begins done",
        "order.sorting > order.lost error !",
        "order.sorting > order.lost after 5000 ms",
        "order.checks begins > order.lost CANCEL",
        "order.checks.money.open > order.checks.money.paid PAID",
        "order.checks.goods.open > order.checks.goods.there [inStock]",
      ]),
    );
  });

  test("leads from the ends of all regions through one bar to what follows", () => {
    expect(arrows).toEqual(
      expect.arrayContaining([
        "order.checks.money.paid > order.checks ends",
        "order.checks.goods.there > order.checks ends",
        "order.checks ends > order.done",
      ]),
    );
  });

  test("names only nodes that are there, and can be drawn", () => {
    const ids = new Set(nodes.map(({ id }) => id));
    expect(edges.filter(({ from, to }) => !ids.has(from) || !ids.has(to))).toEqual([]);
    expect(nodes.find(({ id }) => id === "order.sorting")).toMatchObject({ label: "sorting", detail: "llm" });
    expect(xmlMistake(svgText({ name: "order", nodes, edges, groups }))).toBeUndefined();
  });
});

import type { CheckedDefinition, CheckedStep } from "../checked.ts";
import { dagOf } from "../dag.ts";
import type { Graph, GraphEdge, GraphNode } from "./graph.ts";

/** Ids that no step has: a blank stands in them. */
const start = "the start";
const end = "the end";

/** The steps of a definition and what waits for what: the picture that its author has in mind. Its machine is drawn by `machineGraph`. */
export function definitionGraph({ name, description, steps }: CheckedDefinition): Graph {
  const edges = steps.flatMap(({ id, needs }): GraphEdge[] => {
    return needs.length === 0 ? [{ from: start, to: id }] : needs.map((need) => ({ from: need, to: id }));
  });
  return {
    name,
    ...(description === undefined ? {} : { description }),
    nodes: [{ id: start, shape: "start", label: "" }, ...steps.map(stepNode), { id: end, shape: "end", label: "" }],
    edges: [...edges, ...dagOf(steps).leaves.map((leaf) => ({ from: leaf, to: end }))],
    groups: [],
  };
}

function stepNode({ id, kind, when }: CheckedStep): GraphNode {
  return { id, shape: "box", label: id, detail: kind, ...(when === undefined ? {} : { condition: when }) };
}

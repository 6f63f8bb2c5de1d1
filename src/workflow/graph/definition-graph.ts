import { isJsonObject } from "../../core/json.ts";
import { checkDefinition, defaultKinds } from "../check.ts";
import type { CheckedDefinition, CheckedStep } from "../checked.ts";
import { dagOf } from "../dag.ts";
import { blockDefinition } from "../kinds/block.ts";
import type { BlockPlace, StepKindSpec } from "../kinds/kind.ts";
import type { Graph, GraphEdge, GraphGroup, GraphNode } from "./graph.ts";

/** Ids that no step has: a blank stands in them. */
const start = "the start";
const end = "the end";

/**
 * The steps of a definition and what waits for what: the picture that its author has in mind. Steps inside a step stand in its frame.
 * The definition's machine is drawn by `machineGraph`.
 */
export function definitionGraph(definition: CheckedDefinition, kinds = defaultKinds): Graph {
  const { name, description, steps } = definition;
  const drawing = new Drawing(kinds);
  drawing.nodes.push({ id: start, shape: "start", label: "" });
  const leaves = drawing.steps(steps, { prefix: "", from: start });
  drawing.nodes.push({ id: end, shape: "end", label: "" });
  return {
    name,
    ...(description === undefined ? {} : { description }),
    nodes: drawing.nodes,
    edges: [...drawing.edges, ...leaves.map((leaf) => ({ from: leaf, to: end }))],
    groups: drawing.groups,
  };
}

/** Letters of an arrow's words. */
const maxLabel = 60;

function shortened(text: string): string {
  const line = text.trim().replace(/\s+/g, " ");
  return line.length > maxLabel ? `${line.slice(0, maxLabel - 1)}…` : line;
}

/** Where a list of steps is drawn. */
interface Place {
  /** Before the ids of its nodes. */
  readonly prefix: string;
  /** The frame around it; absent: none. */
  readonly group?: string;
  /** The node from which its first steps follow. */
  readonly from: string;
  /** What the arrows to its first steps say. */
  readonly label?: string;
}

class Drawing {
  readonly nodes: GraphNode[] = [];
  readonly edges: GraphEdge[] = [];
  readonly groups: GraphGroup[] = [];
  readonly #kinds: ReadonlyMap<string, StepKindSpec>;

  constructor(kinds: readonly StepKindSpec[]) {
    this.#kinds = new Map(kinds.map((kind) => [kind.name, kind]));
  }

  /** @returns the nodes with which the list ends */
  steps(steps: readonly CheckedStep[], place: Place): readonly string[] {
    const ends = new Map(steps.map((step) => [step.id, this.#step(step, place)]));
    for (const { id, needs, handles = [], onError, compensation } of steps) {
      const to = `${place.prefix}${id}`;
      const label = place.label === undefined ? {} : { label: place.label };
      if (needs.length === 0) this.edges.push({ from: place.from, to, ...label });
      for (const need of needs) if (!handles.includes(need)) this.edges.push({ from: ends.get(need) ?? need, to });
      const goto = onError.type === "go_on" ? onError.goto : undefined;
      if (goto !== undefined) {
        const from = ends.get(id) ?? id;
        this.edges.push({ from, to: `${place.prefix}${goto}`, label: "error", isFailure: true });
      }
      if (compensation) this.#undo(compensation.step, ends.get(id) ?? id, place);
    }
    return dagOf(steps).leaves.map((leaf) => ends.get(leaf) ?? leaf);
  }

  /** Nothing follows a compensation: what it waits for and what comes after it is another one each time. */
  #undo(step: CheckedStep, from: string, place: Place): void {
    this.#step(step, place);
    this.edges.push({ from, to: `${place.prefix}${step.id}`, label: "undo", isUndo: true });
  }

  /** @returns the node from which what needs the step follows */
  #step({ id: own, kind, when, body }: CheckedStep, { prefix, group }: Place): string {
    const id = `${prefix}${own}`;
    const condition = when === undefined ? {} : { condition: when };
    const blocks = isJsonObject(body) ? [...(this.#kinds.get(kind)?.blocks?.(body) ?? [])] : [];
    const frame = `${id} frame`;
    const inside = blocks.length > 0 ? { group: frame } : group === undefined ? {} : { group };
    this.nodes.push({ id, shape: "box", label: own, detail: kind, ...condition, ...inside });
    if (blocks.length === 0) return id;
    const parent = group === undefined ? {} : { parent: group };
    this.groups.push({ id: frame, label: `${own} (${kind})`, ...parent });
    const join = `${id} ends`;
    for (const block of blocks) {
      const leaves = this.#block(block, id, frame);
      for (const leaf of leaves) this.edges.push({ from: leaf, to: join });
    }
    this.nodes.push({ id: join, shape: "fork", label: "", group: frame });
    return join;
  }

  #block(place: BlockPlace, step: string, group: string): readonly string[] {
    const { when } = place.block;
    const label = typeof when === "string" ? shortened(`when ${when}`) : place.name;
    const definition = checkDefinition(blockDefinition("block", place), { kinds: [...this.#kinds.values()] });
    const prefix = `${step} ${place.name} `;
    return this.steps(definition.steps, { prefix, group, from: step, ...(label === "" ? {} : { label }) });
  }
}

import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from "xstate";
import type { Graph, GraphEdge, GraphGroup, GraphNode } from "./graph.ts";
import { nameOf } from "./xstate-config.ts";

/**
 * The statechart of a machine: every state, every transition with its event and guard. A state with states inside is a frame with a
 * dot where it begins; regions that run side by side begin at a bar and, where something follows them, end at another. What leaves a
 * frame whatever goes on inside starts at its dot or bar.
 */
export function machineGraph(machine: AnyStateMachine): Graph {
  const chart = new Chart(machine.root.id);
  chart.inside(machine.root, undefined);
  return {
    name: machine.root.id,
    ...(machine.root.description === undefined ? {} : { description: machine.root.description }),
    nodes: chart.nodes,
    edges: chart.edges,
    groups: chart.groups,
  };
}

class Chart {
  readonly nodes: GraphNode[] = [];
  readonly edges: GraphEdge[] = [];
  readonly groups: GraphGroup[] = [];
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** What stands inside a state with states. @param group its frame; the machine itself has none */
  inside(node: AnyStateNode, group: string | undefined): void {
    const place = group === undefined ? {} : { group };
    const isParallel = node.type === "parallel";
    const entry = entryOf(node);
    this.nodes.push({ id: entry, shape: isParallel ? "fork" : "start", label: "", ...place });
    const begun = isParallel ? Object.values(node.states) : (node.initial?.target ?? []);
    for (const first of begun) this.edges.push({ from: entry, to: entryOf(first) });
    for (const state of Object.values(node.states)) this.#state(state, group);
    if (node.id === this.#root) this.#transitions(node);
  }

  #state(node: AnyStateNode, parent: string | undefined): void {
    const place = parent === undefined ? {} : { group: parent };
    if (node.type === "compound" || node.type === "parallel") {
      const isParallel = node.type === "parallel" ? { isParallel: true } : {};
      this.groups.push({ id: node.id, label: node.key, ...(parent === undefined ? {} : { parent }), ...isParallel });
      this.inside(node, node.id);
    } else {
      const invoked = node.invoke.map(({ src }) => nameOf(src)).join(", ");
      this.nodes.push({
        id: node.id,
        shape: "box",
        label: node.type === "final" ? `${node.key} ◉` : node.type === "history" ? `${node.key} ↺` : node.key,
        ...(invoked === "" ? {} : { detail: invoked }),
        ...place,
      });
    }
    this.#transitions(node);
  }

  #transitions(node: AnyStateNode): void {
    const done = `xstate.done.state.${node.id}`;
    const isParallel = node.type === "parallel";
    const own = [...node.transitions.values()].flat();
    if (isParallel && own.some(({ eventType }) => eventType === done)) this.#join(node);
    for (const transition of [...own, ...(node.always ?? [])]) {
      const isEnd = transition.eventType === done;
      const sources = !isEnd ? [entryOf(node)] : isParallel ? [exitOf(node)] : finals(node);
      const label = isEnd && isParallel ? "" : labelOf(transition, node);
      for (const target of transition.target ?? []) {
        for (const from of sources) this.edges.push(edgeOf(from, entryOf(target as AnyStateNode), transition, label));
      }
    }
  }

  #join(node: AnyStateNode): void {
    this.nodes.push({ id: exitOf(node), shape: "fork", label: "", group: node.id });
    for (const region of Object.values(node.states)) {
      for (const from of finals(region)) this.edges.push({ from, to: exitOf(node) });
    }
  }
}

function edgeOf(from: string, to: string, { eventType }: AnyTransitionDefinition, label: string): GraphEdge {
  const isFailure = eventType.startsWith("xstate.error.") ? { isFailure: true } : {};
  return { from, to, ...(label === "" ? {} : { label }), ...isFailure };
}

/** The nodes at which a state has come to its end; a region that is not divided is one itself. */
function finals(node: AnyStateNode): readonly string[] {
  if (node.type === "parallel") return [entryOf(node)];
  const states = Object.values(node.states);
  return states.length === 0 ? [node.id] : states.filter(({ type }) => type === "final").map(({ id }) => id);
}

function exitOf(node: AnyStateNode): string {
  return `${node.id} ends`;
}

/** The node at which arrows to and from a state end: itself, or the dot or bar inside it. */
function entryOf(node: AnyStateNode): string {
  return node.type === "compound" || node.type === "parallel" ? `${node.id} begins` : node.id;
}

/** Event and guard for people: `done [when true impact]`. */
function labelOf({ eventType, guard }: AnyTransitionDefinition, node: AnyStateNode): string {
  const condition = guard === undefined ? "" : `[${nameOf(guard)}]`;
  return [eventName(eventType, node), condition].filter(Boolean).join(" ");
}

/** XState's own events, as their authors name them. */
function eventName(type: string, node: AnyStateNode): string {
  if (type.startsWith("xstate.done.")) return "done";
  if (type.startsWith("xstate.error.")) return "error";
  const [, delay] = /^xstate\.after\.(.+)\.[^.]*$/.exec(type.replace(`.${node.id}`, ".state")) ?? [];
  return delay === undefined ? type : `after ${/^\d+$/.test(delay) ? `${delay} ms` : delay}`;
}

import type { AnyMachineSnapshot, AnyStateNode, AnyTransitionDefinition } from "xstate";
import type { MachineTree } from "../../workflow/machine-tree.ts";
import { statePath, wayKey } from "../../workflow/paths/own-chart.ts";
import type { MachineWatcher } from "../own-session.ts";

/** What one machine of a run went through. */
export interface MachineWay {
  readonly tree: MachineTree;
  /** The states that it entered and that have none inside, in the order of their entries: `review.open`. */
  readonly states: readonly string[];
  /** All states that it was in, those around others too. */
  readonly visited: ReadonlySet<string>;
  /** The transitions that it took, in their order, by their keys in its chart. */
  readonly ways: readonly string[];
}

interface Walk extends MachineWay {
  readonly states: string[];
  readonly visited: Set<string>;
  readonly ways: string[];
  /** Where it is now. */
  nodes: ReadonlySet<string>;
}

/** Writes down what the machines of one run go through, also the states that XState leaves at once. */
export class MachineTrace implements MachineWatcher {
  readonly #walks: { readonly path: string; readonly walk: Walk }[] = [];

  /** Of each machine that began, by its name in the run; the run's own: "". One that began again under its name is there again. */
  get machines(): readonly (readonly [path: string, way: MachineWay])[] {
    return this.#walks.map(({ path, walk }) => [path, walk]);
  }

  began(path: string, tree: MachineTree): void {
    const nodes = entered(tree.machine.root);
    const walk: Walk = { tree, states: [], visited: new Set(), ways: [], nodes: new Set() };
    this.#walks.push({ path, walk });
    note(walk, nodes, []);
  }

  moved(path: string, snapshot: AnyMachineSnapshot, transitions: readonly AnyTransitionDefinition[]): void {
    const walk = this.#walkOf(path);
    if (!walk || snapshot.status === "stopped") return;
    walk.ways.push(...transitions.map(wayKey));
    note(walk, nodesIn(snapshot), transitions);
  }

  /** Whether a machine is in a state, or in one inside it. */
  isIn(path: string, state: string): boolean {
    return this.#walkOf(path)?.nodes.has(state) === true;
  }

  /** Where a machine is, for people. */
  place(path: string): string {
    const nodes = [...(this.#walkOf(path)?.nodes ?? [])];
    return nodes.filter((node) => !nodes.some((inner) => inner.startsWith(`${node}.`))).join(" and ");
  }

  #walkOf(path: string): Walk | undefined {
    return this.#walks.findLast((one) => one.path === path)?.walk;
  }
}

function note(walk: Walk, nodes: readonly AnyStateNode[], transitions: readonly AnyTransitionDefinition[]): void {
  const paths = new Set(nodes.flatMap((node) => (node.parent ? [statePath(node)] : [])));
  const left = transitions.flatMap((transition) => domainOf(transition) ?? []);
  for (const node of nodes) {
    const path = statePath(node);
    if (node.parent) walk.visited.add(path);
    if (Object.keys(node.states).length > 0 || !node.parent) continue;
    if (!walk.nodes.has(path) || left.some((domain) => isInside(node, domain))) walk.states.push(path);
  }
  walk.nodes = paths;
}

/** Active states with those around them, in the machine's order. */
function nodesIn(snapshot: AnyMachineSnapshot): readonly AnyStateNode[] {
  const { _nodes } = snapshot as unknown as { readonly _nodes: readonly AnyStateNode[] };
  return _nodes.toSorted((one, other) => one.order - other.order);
}

/** The states that a machine is in before its first step. */
function entered(node: AnyStateNode): readonly AnyStateNode[] {
  if (node.type === "parallel") return [node, ...Object.values(node.states).flatMap(entered)];
  const target = node.type === "compound" ? node.initial?.target?.[0] : undefined;
  if (!target) return [node];
  const between = outwards(target).filter((one) => one !== target && isInside(one, node));
  return [node, ...between.reverse(), ...entered(target)];
}

/** The state whose inner ones a transition leaves and enters; undefined: it changes no state. As XState has it. */
function domainOf({ source, target, reenter }: AnyTransitionDefinition): AnyStateNode | undefined {
  if (!target || target.length === 0) return undefined;
  if (!reenter && target.every((node) => node === source || isInside(node, source))) return source;
  return outwards(source).find((node) => node !== source && target.every((one) => isInside(one, node)));
}

function outwards(node: AnyStateNode): readonly AnyStateNode[] {
  return node.parent ? [node, ...outwards(node.parent)] : [node];
}

function isInside(node: AnyStateNode, outer: AnyStateNode): boolean {
  return node !== outer && outwards(node).includes(outer);
}

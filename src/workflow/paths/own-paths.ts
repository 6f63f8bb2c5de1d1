import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  type EventObject,
  getInitialSnapshot,
  getNextSnapshot,
} from "xstate";
import { getAdjacencyMap } from "xstate/graph";
import { type ChartWay, chartOf } from "./own-chart.ts";
import { type Walkable, walkableOf } from "./own-walkable.ts";

/** One way through a machine, from its start to an end, without going round. */
export interface OwnPath {
  /** The same for paths that differ only in the order of what happens side by side. */
  readonly key: string;
  readonly text: string;
}

/** The ways through a machine. */
export interface OwnPaths {
  /** False: there are more than were looked for, and none is given. */
  readonly isComplete: boolean;
  readonly paths: readonly OwnPath[];
  /** Whether some of them may be impossible: guards, and events that several states take at once, are chosen freely. */
  readonly isFree: boolean;
}

/** How far to look. */
export interface OwnPathLimits {
  /** States of the chart, side by side ones multiplied. Default 2,000. */
  readonly states: number;
  /** Steps of all paths together. Default 50,000. */
  readonly work: number;
}

const defaultLimits: OwnPathLimits = { states: 2_000, work: 50_000 };

/** Every way through an author's own machine that visits no state twice. Child machines are not walked: in their parent's chart they are done, or fail. Pure. */
export function ownPaths(machine: AnyStateMachine, limits: OwnPathLimits = defaultLimits): OwnPaths {
  const { ways } = chartOf(machine);
  const walkable = walkableOf(machine);
  const isFree = ways.some(({ isGuarded }) => isGuarded) || hasRegions(machine.root);
  const graph = graphOf(walkable, limits.states);
  const found = graph && walked(graph, limits.work);
  if (!found) return { isComplete: false, paths: [], isFree };
  const paths = found.map((keys) => pathOf(machine, walkable, keys));
  return { isComplete: true, paths: [...new Map(paths.map((path) => [path.key, path])).values()], isFree };
}

/** The path that a run went, by the ways it took; rounds that lead back to where it was are left out. Pure. */
export function pathGone(machine: AnyStateMachine, keys: readonly string[]): OwnPath {
  const walkable = walkableOf(machine);
  return pathOf(machine, walkable, withoutRounds(walkable, walkable.chosen(keys)));
}

function withoutRounds({ machine, eventOf }: Walkable, keys: readonly string[]): readonly string[] {
  let state = getInitialSnapshot(machine) as AnyMachineSnapshot;
  const states = [textOf(state)];
  const gone: string[] = [];
  for (const key of keys) {
    state = getNextSnapshot(machine, state, { type: eventOf(key) }) as AnyMachineSnapshot;
    const text = textOf(state);
    const before = states.indexOf(text);
    if (before >= 0) {
      states.length = before + 1;
      gone.length = before;
    } else {
      states.push(text);
      gone.push(key);
    }
  }
  return gone;
}

/** States by text, the first one first, with where each choice leads. */
type Graph = ReadonlyMap<string, readonly (readonly [key: string, to: string])[]>;

/** @returns undefined: it has more states */
function graphOf({ machine, choices, eventOf, keyOf }: Walkable, limit: number): Graph | undefined {
  const events = (state: AnyMachineSnapshot) => choices(state).map((key) => ({ type: eventOf(key) }));
  let map: Record<string, Adjacent>;
  try {
    const options = { events, limit: limit * 8, serializeState: textOf };
    map = getAdjacencyMap(machine as never, options as never) as unknown as Record<string, Adjacent>;
  } catch (error) {
    if (error instanceof Error && error.message === "Traversal limit exceeded") return undefined;
    throw error;
  }
  const entries = Object.entries(map);
  if (entries.length > limit) return undefined;
  return new Map(
    entries.map(([text, { transitions }]) => {
      const next = Object.values(transitions).map(({ event, state }) => [keyOf(event.type), textOf(state)] as const);
      return [text, next];
    }),
  );
}

interface Adjacent {
  readonly transitions: Readonly<Record<string, { readonly event: EventObject; readonly state: AnyMachineSnapshot }>>;
}

/** The choices of each path from the first state to one that nothing follows. @returns undefined: there are more */
function walked(graph: Graph, work: number): readonly (readonly string[])[] | undefined {
  const found: string[][] = [];
  const gone: string[] = [];
  const states = new Set<string>();
  let left = work;
  const walk = (text: string): void => {
    if (--left < 0) return;
    const next = graph.get(text) ?? [];
    if (next.length === 0) found.push([...gone]);
    states.add(text);
    for (const [key, to] of next) {
      if (states.has(to)) continue;
      gone.push(key);
      walk(to);
      gone.pop();
    }
    states.delete(text);
  };
  walk([...graph.keys()][0] ?? "");
  return left < 0 ? undefined : found;
}

/** A state as text: where it is, and where its history states lead. */
function textOf(state: AnyMachineSnapshot): string {
  const { historyValue = {} } = state as unknown as {
    historyValue?: Readonly<Record<string, readonly AnyStateNode[]>>;
  };
  const back = Object.entries(historyValue).map(([id, nodes]) => [id, nodes.map((node) => node.id)]);
  return JSON.stringify(back.length > 0 ? [state.value, back] : state.value);
}

/** A path as all paths that differ only in the order of what happens side by side have it. */
function pathOf(machine: AnyStateMachine, walkable: Walkable, keys: readonly string[]): OwnPath {
  const known = new Map(chartOf(machine).ways.map((way) => [way.key, way]));
  const ways = inOrder(keys.flatMap((key) => known.get(key) ?? []));
  const ordered = ways.map(({ key }) => key);
  // In that order what one of the regions went through may show to be a round.
  const rest = ordered.join() === keys.join() ? ordered : withoutRounds(walkable, ordered);
  if (rest.length < ordered.length) return pathOf(machine, walkable, rest);
  const text = ways.map((way) => way.text).join("; ");
  return { key: ordered.join("\n"), text: text === "" ? "nothing happens" : text };
}

/** Of what happens side by side the state that stands first in the machine goes first. */
function inOrder(ways: readonly ChartWay[]): readonly ChartWay[] {
  const sorted = [...ways];
  for (let isSorted = false; !isSorted; ) {
    isSorted = true;
    for (const [index, way] of sorted.entries()) {
      const next = sorted[index + 1];
      const [one, other] = [way.transition.source, next?.transition.source];
      if (!next || !other || one.order <= other.order || !isBeside(one, other)) continue;
      sorted.splice(index, 2, next, way);
      isSorted = false;
    }
  }
  return sorted;
}

function isBeside(one: AnyStateNode, other: AnyStateNode): boolean {
  const outer = new Map(outwards(one).map((node) => [node.parent, node]));
  return outwards(other).some((node) => {
    const beside = outer.get(node.parent);
    return node.parent?.type === "parallel" && beside !== undefined && beside !== node;
  });
}

function outwards(node: AnyStateNode): readonly AnyStateNode[] {
  return node.parent ? [node, ...outwards(node.parent)] : [node];
}

function hasRegions(node: AnyStateNode): boolean {
  return node.type === "parallel" || Object.values(node.states).some(hasRegions);
}

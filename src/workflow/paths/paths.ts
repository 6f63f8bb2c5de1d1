import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type EventObject,
  getNextTransitions,
  type StateValue,
} from "xstate";
import { getAdjacencyMap, getShortestPaths, getSimplePaths } from "xstate/graph";
import { type Choice, choiceOf, type PathContext, pathMachine } from "./path-machine.ts";

/** One way through a workflow, from its start to its end. */
export interface Path {
  readonly choices: readonly Choice[];
  readonly end: "succeeded" | "failed";
}

/** The ways through a workflow. */
export interface Paths {
  /** Whether these are all of them. If not: a shortest one to each choice. */
  readonly isComplete: boolean;
  /** How many there are in all; undefined: too many to count. */
  readonly total: number | undefined;
  readonly paths: readonly Path[];
}

/** How far to look. */
export interface PathLimits {
  /** States of the chart, side by side running ones multiplied. Default 5,000. */
  readonly states: number;
  /** Paths times states: the work of walking them all. Default 200,000. */
  readonly work: number;
}

const defaultLimits: PathLimits = { states: 5_000, work: 200_000 };

/**
 * Every way through a workflow's machine. Of steps that run side by side the choices of the first come first: their order changes no
 * outcome, so only one of the orders is walked.
 * @param goOn steps after whose failure the run goes on
 */
export function pathsOf(
  machine: AnyStateMachine,
  goOn: ReadonlySet<string> = new Set(),
  limits: PathLimits = defaultLimits,
): Paths {
  const walkable = pathMachine(machine, goOn);
  const options = { events: nextChoices, limit: limits.states };
  const graph = adjacency(walkable, { ...options, serializeState: stateText });
  if (!graph) return { isComplete: false, total: undefined, paths: [] };
  const total = countPaths(graph);
  if (total * Object.keys(graph).length <= limits.work) {
    const simple = getSimplePaths(walkable, { ...options, serializeState: stateText, toState: isOver } as never);
    return { isComplete: true, total, paths: simple.map(pathOf) };
  }
  // A state is then what it is together with the choice that led to it, so that each choice has a path of its own.
  const serializeState = (state: AnyMachineSnapshot, event: EventObject | undefined) =>
    `${stateText(state)} ${event?.type ?? ""}`;
  const shortest = getShortestPaths(walkable, { ...options, limit: limits.states * 4, serializeState } as never);
  return { isComplete: false, total: Number.isFinite(total) ? total : undefined, paths: shortest.map(pathOf) };
}

type Graph = ReturnType<typeof getAdjacencyMap<AnyMachineSnapshot, EventObject, unknown>>;

function adjacency(machine: AnyStateMachine, options: object): Graph | undefined {
  try {
    return getAdjacencyMap(machine as never, options as never) as unknown as Graph;
  } catch (error) {
    if (error instanceof Error && error.message === "Traversal limit exceeded") return undefined;
    throw error;
  }
}

/** Paths from the first state to an end. Where a chart leads back, the way back is not counted. */
function countPaths(graph: Graph): number {
  const counts = new Map<string, number>();
  const count = (key: string): number => {
    const known = counts.get(key);
    if (known !== undefined) return known;
    counts.set(key, 0);
    const next = Object.values(graph[key as keyof Graph]?.transitions ?? {}).map(({ state }) => stateText(state));
    const sum = next.length === 0 ? 1 : next.reduce((all, to) => all + count(to), 0);
    counts.set(key, sum);
    return sum;
  };
  return count(Object.keys(graph)[0] ?? "");
}

const texts = new WeakMap<object, string>();

/** A state as text. Ends of parts that run side by side are one and the same: what follows does not depend on which it was. */
function stateText(state: AnyMachineSnapshot): string {
  const known = texts.get(state);
  if (known !== undefined) return known;
  const { jumped } = state.context as PathContext;
  const text = JSON.stringify(jumped.length > 0 ? [withoutEnds(state.value), jumped] : withoutEnds(state.value));
  texts.set(state, text);
  return text;
}

function withoutEnds(value: StateValue): unknown {
  if (typeof value === "string") return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      if (inner === undefined) return [];
      return [[key, inner === "skipped" ? "succeeded" : withoutEnds(inner)]];
    }),
  );
}

function nextChoices(state: AnyMachineSnapshot): EventObject[] {
  if (state.status !== "active") return [];
  const open = getNextTransitions(state).filter(({ eventType }) => choiceOf(eventType));
  const first = open.reduce<(typeof open)[number] | undefined>(
    (earliest, one) => (!earliest || one.source.order < earliest.source.order ? one : earliest),
    undefined,
  );
  return open.filter(({ source }) => source === first?.source).map(({ eventType }) => ({ type: eventType }));
}

function isOver(state: AnyMachineSnapshot): boolean {
  return state.status !== "active";
}

function pathOf({
  state,
  steps,
}: {
  readonly state: unknown;
  readonly steps: readonly { readonly event: EventObject }[];
}): Path {
  const { value } = state as AnyMachineSnapshot;
  return {
    choices: steps.flatMap(({ event }) => choiceOf(event.type) ?? []),
    end: value === "succeeded" ? "succeeded" : "failed",
  };
}

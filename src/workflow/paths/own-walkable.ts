import { type AnyMachineSnapshot, type AnyStateMachine, type AnyStateNode, createMachine } from "xstate";
import { type Chart, type ChartWay, chartOf } from "./own-chart.ts";

/** A machine of an author's own, made into one whose every path can be walked. */
export interface Walkable {
  readonly machine: AnyStateMachine;
  /** The choices that there are in a state: keys of the chart's ways. */
  choices(state: AnyMachineSnapshot): readonly string[];
  /** The event that stands for a choice; XState matches what bears dots and stars with more than one. */
  eventOf(key: string): string;
  /** The choice for which an event stands. */
  keyOf(event: string): string;
  /** Of the ways that a run went through those that were a choice, in their order: the others follow by themselves, or change no state. */
  chosen(keys: readonly string[]): readonly string[];
}

/**
 * A machine without jobs, data, time and child machines: each of its transitions is an event of its own, so how a step ends, which guard holds, which signal comes and what is
 * late is chosen freely. What XState takes by itself (a transition that always holds, the end of the states inside one) it still takes. Pure.
 */
export function walkableOf(machine: AnyStateMachine): Walkable {
  const chart = chartOf(machine);
  const free = chart.ways.filter((way) => !isAutomatic(way, chart) && way.transition.target !== undefined);
  const choices = new Set(free.map(({ key }) => key));
  const events = new Map([...choices].map((key, index) => [key, `choice ${index}`]));
  const keys = new Map([...events].map(([key, event]) => [event, key]));
  const walkable = createMachine(stateOf(machine.root, { chart, events }) as never) as unknown as AnyStateMachine;
  return {
    machine: walkable,
    eventOf: (key) => events.get(key) ?? key,
    keyOf: (event) => keys.get(event) ?? event,
    choices: (state) => {
      if (state.status !== "active") return [];
      const active = new Set((state as unknown as { readonly _nodes: readonly AnyStateNode[] })._nodes.map(nodePath));
      const open = free.filter((way) => isOpen(way, active, chart));
      const leaving = open.filter(({ transition }) => transition.eventType === "");
      const must = leaving.some(({ isGuarded }) => !isGuarded);
      return (must ? leaving : open).map(({ key }) => key);
    },
    chosen: (gone) => gone.filter((key) => choices.has(key)),
  };
}

/** Whether XState takes it without anything from outside, whatever the data: then it is no choice. */
function isAutomatic({ transition, isGuarded }: ChartWay, { ways }: Chart): boolean {
  const { eventType, source } = transition;
  if (isGuarded || !(eventType === "" || eventType.startsWith("xstate.done.state."))) return false;
  return !ways.some((way) => {
    return way.isGuarded && way.transition.source === source && way.transition.eventType === eventType;
  });
}

/** Whether a way can be chosen where these states are active: no state inside takes the event first, and what it waits for can have come. */
function isOpen({ transition }: ChartWay, active: ReadonlySet<string>, { ways }: Chart): boolean {
  const { source, eventType } = transition;
  if (!active.has(nodePath(source))) return false;
  if (eventType.startsWith("xstate.done.state.") && !isDone(source, active)) return false;
  return !ways.some(({ isGuarded, transition: { source: inner, eventType: same } }) => {
    return !isGuarded && same === eventType && isInside(inner, source) && active.has(nodePath(inner));
  });
}

function isDone(node: AnyStateNode, active: ReadonlySet<string>): boolean {
  const inner = Object.values(node.states);
  if (node.type === "parallel") return inner.every((state) => isDone(state, active));
  return inner.some((state) => state.type === "final" && active.has(nodePath(state)));
}

function isInside(node: AnyStateNode, outer: AnyStateNode): boolean {
  for (let at = node.parent; at; at = at.parent) if (at === outer) return true;
  return false;
}

/** The same in a machine and in its walkable copy. */
function nodePath({ path }: AnyStateNode): string {
  return JSON.stringify(path);
}

/** An id that no author has given. */
function idOf({ path }: AnyStateNode): string {
  return ["at", ...path].join("/");
}

interface Making {
  readonly chart: Chart;
  /** Of those ways that are choices, by their keys. */
  readonly events: ReadonlyMap<string, string>;
}

function stateOf(node: AnyStateNode, making: Making): object {
  const own = making.chart.ways.filter(({ transition }) => transition.source === node);
  const by = (isWanted: (way: ChartWay) => boolean) => own.filter(isWanted).map(transitionOf);
  const isTaken = ({ key }: ChartWay) => !making.events.has(key);
  const always = by((way) => isTaken(way) && way.transition.eventType === "" && !way.isGuarded);
  const done = by((way) => isTaken(way) && way.transition.eventType.startsWith("xstate.done.state."));
  const on = own.flatMap((way) => {
    const event = making.events.get(way.key);
    return event === undefined ? [] : [[event, transitionOf(way)] as const];
  });
  const inner = Object.values(node.states).map((state) => [state.key, stateOf(state, making)] as const);
  const initial = node.type === "compound" ? node.initial?.target?.map(({ path }) => path) : undefined;
  return {
    id: idOf(node),
    ...(node.type === "parallel" || node.type === "final" || node.type === "history" ? { type: node.type } : {}),
    ...(node.type === "history" ? historyOf(node) : {}),
    ...(inner.length > 0 ? { states: Object.fromEntries(inner) } : {}),
    ...(initial ? { initial: initial[0]?.[node.path.length] } : {}),
    ...(always.length > 0 ? { always } : {}),
    ...(done.length > 0 ? { onDone: done } : {}),
    ...(on.length > 0 ? { on: Object.fromEntries(on) } : {}),
  };
}

function historyOf(node: AnyStateNode): object {
  const { target } = node.config as { readonly target?: string };
  const first = target === undefined ? undefined : targetOf(node, target);
  return { history: node.history, ...(first ? { target: `#${idOf(first)}` } : {}) };
}

/** The state that a history state goes to the first time. */
function targetOf(node: AnyStateNode, target: string): AnyStateNode | undefined {
  const sibling = node.parent?.states[target];
  return sibling ?? (target.startsWith("#") ? node.machine.getStateNodeById(target.slice(1)) : undefined);
}

function transitionOf({ transition: { target, reenter } }: ChartWay): object {
  return { ...(target ? { target: target.map((node) => `#${idOf(node)}`) } : {}), ...(reenter ? { reenter } : {}) };
}

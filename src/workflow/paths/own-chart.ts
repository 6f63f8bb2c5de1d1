import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from "xstate";
import { formatDuration } from "../../core/duration.ts";
import { nameOf } from "../graph/xstate-config.ts";

/** One transition of an author's own machine, as a test may go through it. */
export interface ChartWay {
  /** Tells it apart within its machine. */
  readonly key: string;
  /** For people: `waiting: APPROVE, if urgent -> answering`. */
  readonly text: string;
  readonly transition: AnyTransitionDefinition;
  /** Whether it is taken only where something about data holds, and the machine itself decides that. */
  readonly isGuarded: boolean;
}

/** What there is to go through in one machine. */
export interface Chart {
  /** Paths of its states (`review.open`), without those that are only a way back (`history`). */
  readonly states: readonly string[];
  readonly ways: readonly ChartWay[];
}

const charts = new WeakMap<AnyStateMachine, Chart>();

/** The states and the transitions of a machine, child machines not counted. One behind another of the same event that always holds is none: it is never taken. */
export function chartOf(machine: AnyStateMachine): Chart {
  const known = charts.get(machine);
  if (known) return known;
  const nodes = nodesOf(machine.root);
  const chart = {
    states: nodes.filter((node) => node.parent && node.type !== "history").map(statePath),
    ways: nodes.flatMap(waysOf),
  };
  charts.set(machine, chart);
  return chart;
}

/** A state's path within its machine; the root's: "". */
export function statePath({ path }: AnyStateNode): string {
  return path.join(".");
}

/** Tells a transition apart within its machine, in each copy of it. */
export function wayKey(transition: AnyTransitionDefinition): string {
  const { source, eventType } = transition;
  const place = siblings(transition).indexOf(transition);
  return `${statePath(source)}|${eventType}|${place}`;
}

/** Those of the same state and event. */
function siblings({ source, eventType }: AnyTransitionDefinition): readonly AnyTransitionDefinition[] {
  return (eventType === "" ? source.always : source.transitions.get(eventType)) ?? [];
}

function nodesOf(node: AnyStateNode): readonly AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesOf)];
}

function waysOf(node: AnyStateNode): readonly ChartWay[] {
  const groups = [...node.transitions.values(), node.always ?? []];
  return groups.flatMap((group) => {
    const last = group.findIndex(({ guard }) => guard === undefined);
    const taken = last < 0 ? group : group.slice(0, last + 1);
    return taken.map((transition): ChartWay => {
      const isGuarded = transition.guard !== undefined;
      return { key: wayKey(transition), text: wayText(transition, taken), transition, isGuarded };
    });
  });
}

function wayText(transition: AnyTransitionDefinition, group: readonly AnyTransitionDefinition[]): string {
  const { source, target, guard } = transition;
  const from = statePath(source) || "(root)";
  const to = target?.map((node) => statePath(node) || "(root)").join(" and ");
  const condition = guard === undefined ? (group.length > 1 ? ", else" : "") : `, if ${guardText(transition, group)}`;
  return `${from}: ${eventText(transition)}${condition}${to === undefined ? "" : ` -> ${to}`}`;
}

/** A guard's name. One without a name is said by its place. */
function guardText({ guard }: AnyTransitionDefinition, group: readonly AnyTransitionDefinition[]): string {
  const name = nameOf(guard);
  if (name !== "inline" && name !== "guard" && name !== "") return name;
  const guarded = group.filter((one) => one.guard !== undefined);
  return guarded.length === 1
    ? "its guard holds"
    : `guard ${guarded.findIndex((one) => one.guard === guard) + 1} holds`;
}

/** XState's own events, as their authors name them. */
function eventText(transition: AnyTransitionDefinition): string {
  const { eventType, source } = transition;
  if (eventType === "") return "always";
  if (eventType === "*") return "any other event";
  const [, how, actor] = /^xstate\.(done|error|snapshot)(?:\.actor)?\.(.+)$/.exec(eventType) ?? [];
  if (eventType.startsWith("xstate.done.state.")) return "its states are done";
  if (how !== undefined) return `${actor} ${{ done: "is done", error: "fails", snapshot: "tells" }[how]}`;
  if (!eventType.startsWith("xstate.after.")) return eventType;
  const { delay } = transition as { readonly delay?: unknown };
  const wait = delay ?? eventType.slice("xstate.after.".length).replace(`.${source.id}`, "");
  return `after ${typeof wait === "number" ? formatDuration(wait) : String(wait)}`;
}

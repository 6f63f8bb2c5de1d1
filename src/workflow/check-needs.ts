import { didYouMean, suggest } from "../core/suggest.ts";
import { type Dag, type DagNode, dagOf, findCycles } from "./dag.ts";
import type { DraftStep } from "./draft.ts";
import type { ProblemList } from "./problem-list.ts";

/** In what order the steps of a definition run. */
export interface Order {
  readonly dag: Dag;
  /** Of each step that others go to and that does not come after them: those others. */
  readonly handles: ReadonlyMap<string, readonly string[]>;
}

type NamedStep = DraftStep & { readonly id: string };

/** Checks ids, needs and jumps, and says what runs before what. A step that names no needs follows the step above it. */
export function checkNeeds(steps: readonly DraftStep[], problems: ProblemList): Order {
  const named = steps.filter((step) => step.id !== undefined) as readonly NamedStep[];
  const ids = new Set(named.map((step) => step.id));
  reportDuplicates(named, problems);
  const nodes = new Map<string, DagNode>();
  let above: string | undefined;
  for (const step of named) {
    const { id } = step;
    const needs = step.needs ? knownNeeds(step, step.needs, ids, problems) : above === undefined ? [] : [above];
    if (!nodes.has(id)) nodes.set(id, { id, needs });
    above = id;
  }
  const cycles = findCycles([...nodes.values()]);
  for (const cycle of cycles) {
    const [start] = cycle;
    const step = named.find(({ id }) => id === start);
    const message = `steps wait for each other and could never start: ${cycle.join(" needs ")}.`;
    if (step) problems.add([...step.path, "needs"], message);
  }
  // What lies behind what cannot be said of a circle.
  return cycles.length > 0
    ? { dag: dagOf([...nodes.values()]), handles: new Map() }
    : withJumps(named, nodes, problems);
}

/** Checks where steps go when they have failed. A step that is gone to and does not come after all that go to it follows these as well. */
function withJumps(named: readonly NamedStep[], nodes: Map<string, DagNode>, problems: ProblemList): Order {
  const handles = new Map<string, string[]>();
  let dag = dagOf([...nodes.values()]);
  for (const { id, head, path } of named) {
    const onError = head?.on_error;
    if (typeof onError !== "object" || !("goto" in onError)) continue;
    const to = onError.goto;
    const node = nodes.get(to);
    const mistake = jumpMistake(id, to, nodes, dag);
    if (mistake !== undefined) problems.add([...path, "on_error", "goto"], mistake);
    if (mistake !== undefined || !node || dag.runsBefore(id, to)) continue;
    handles.set(to, [...(handles.get(to) ?? []), id]);
    nodes.set(to, { id: to, needs: [...node.needs, id] });
    dag = dagOf([...nodes.values()]);
  }
  return { dag, handles };
}

function jumpMistake(from: string, to: string, nodes: ReadonlyMap<string, DagNode>, dag: Dag): string | undefined {
  if (to === from) return "a step cannot go to itself; retry says how often it is tried.";
  if (!nodes.has(to)) return `there is no step "${to}".${didYouMean(to, [...nodes.keys()])}`;
  if (!dag.runsBefore(to, from)) return undefined;
  return `goes back: step "${to}" runs before step "${from}". A step can only go on to one that has yet to begin; a loop repeats steps.`;
}

function reportDuplicates(steps: readonly NamedStep[], problems: ProblemList): void {
  const seen = new Set<string>();
  for (const { id, path } of steps) {
    if (seen.has(id)) problems.add([...path, "id"], `another step above has the id ${id}; each id stands once.`);
    seen.add(id);
  }
}

/** The needs that exist. What is misspelt is reported, and taken for what it means so that nothing else is reported because of it. */
function knownNeeds(
  step: DraftStep,
  needs: readonly string[],
  ids: ReadonlySet<string>,
  problems: ProblemList,
): readonly string[] {
  const known = new Set<string>();
  for (const [index, need] of needs.entries()) {
    const meant = ids.has(need) ? need : suggest(need, ids);
    if (meant !== need)
      problems.add([...step.path, "needs", index], `there is no step "${need}".${didYouMean(need, ids)}`);
    if (meant !== undefined) known.add(meant);
  }
  return [...known];
}

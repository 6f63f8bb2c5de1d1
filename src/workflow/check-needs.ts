import { didYouMean, suggest } from "../core/suggest.ts";
import { type Dag, type DagNode, dagOf, findCycles } from "./dag.ts";
import type { DraftStep } from "./draft.ts";
import type { ProblemList } from "./problem-list.ts";

/** Checks ids and needs, and says what runs before what. A step that names no needs follows the step above it. */
export function checkNeeds(steps: readonly DraftStep[], problems: ProblemList): Dag {
  const named = steps.filter((step) => step.id !== undefined) as readonly (DraftStep & { readonly id: string })[];
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
  for (const cycle of findCycles([...nodes.values()])) {
    const [start] = cycle;
    const step = named.find(({ id }) => id === start);
    const message = `steps wait for each other and could never start: ${cycle.join(" needs ")}.`;
    if (step) problems.add([...step.path, "needs"], message);
  }
  return dagOf([...nodes.values()]);
}

function reportDuplicates(steps: readonly (DraftStep & { readonly id: string })[], problems: ProblemList): void {
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

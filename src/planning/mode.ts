import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { PlanMode } from "../core/plan.ts";
import { type DagNode, dagOf } from "../workflow/dag.ts";
import type { StepFacts } from "./step-facts.ts";

/** Steps that `balanced` lets run side by side. */
export const balancedWidth = 3;

type Needs = ReadonlyMap<string, readonly string[]>;

/**
 * The definition as a mode has it executed: other `needs`, and approvals before steps. Pure. Every step still runs after all whose output it reads, and the run
 * gives the same output. @param facts of the definition's steps, in its order
 */
export function inMode(definition: JsonObject, facts: readonly StepFacts[], mode: PlanMode): JsonObject {
  if (mode === "auto") return definition;
  const needs = needsIn(facts, mode);
  const asked = askedBefore(facts, mode);
  const steps = (definition.steps as readonly JsonObject[]).flatMap((step): readonly JsonObject[] => {
    const id = String(step.id);
    const own = needs.get(id) ?? [];
    const approval = asked.get(id);
    if (approval === undefined) return [{ ...step, needs: own }];
    return [approvalOf(approval, step, own), { ...step, needs: [...own, approval] }];
  });
  return withOwnCache({ ...definition, steps, ...outputOf(definition, facts) }, new Set(asked.values()));
}

/** What each step needs in a mode, without approvals. */
function needsIn(facts: readonly StepFacts[], mode: PlanMode): Needs {
  if (mode === "auto") return new Map(facts.map(({ id, needs }) => [id, needs]));
  if (mode === "parallel") return dataNeeds(facts);
  return inLanes(facts, mode === "balanced" ? balancedWidth : 1);
}

/** Only what a step reads, and what keeps its place: that runs after all that it ran after before. */
function dataNeeds(facts: readonly StepFacts[]): Needs {
  const dag = dagOf(facts);
  const needs = facts.map(({ id, reads, onlyThinks }) => {
    const before = facts.filter((other) => dag.runsBefore(other.id, id));
    const kept = before.filter((other) => !onlyThinks || !other.onlyThinks || reads.includes(other.id));
    return { id, needs: kept.map((other) => other.id) };
  });
  return withoutImplied(needs);
}

/** Needs without those that another one brings. */
function withoutImplied(nodes: readonly DagNode[]): Needs {
  const dag = dagOf(nodes);
  return new Map(
    nodes.map(({ id, needs }) => [id, needs.filter((need) => !needs.some((other) => dag.runsBefore(need, other)))]),
  );
}

/** Puts the steps into lanes, in each one after the other: then no more run at a time than there are lanes. */
function inLanes(facts: readonly StepFacts[], width: number): Needs {
  const given = dagOf(facts);
  const before = new Map<string, ReadonlySet<string>>();
  const lanes: string[][] = [];
  const needs = new Map<string, readonly string[]>();
  for (const id of given.order) {
    const own = given.needs(id);
    const earlier = new Set(own.flatMap((need) => [need, ...(before.get(need) ?? [])]));
    const lane = laneFor(lanes, earlier, before, width);
    const last = lane.at(-1);
    lane.push(id);
    if (last !== undefined) for (const one of [last, ...(before.get(last) ?? [])]) earlier.add(one);
    before.set(id, earlier);
    needs.set(id, last === undefined || own.includes(last) ? own : [...own, last]);
  }
  return needs;
}

/** The lane whose last step runs before this one anyway; else a new one; else the one whose last step comes soonest. */
function laneFor(lanes: string[][], earlier: ReadonlySet<string>, before: Befores, width: number): string[] {
  const free = lanes.find((lane) => earlier.has(lane.at(-1) ?? ""));
  if (free) return free;
  if (lanes.length < width) {
    lanes.push([]);
    return lanes.at(-1) ?? [];
  }
  const rank = (lane: readonly string[]) => [...(before.get(lane.at(-1) ?? "") ?? [])].length;
  return lanes.reduce((soonest, lane) => (rank(lane) < rank(soonest) ? lane : soonest));
}

type Befores = ReadonlyMap<string, ReadonlySet<string>>;

/** The approvals that a mode adds: step to the id of what asks before it. A step that asks by itself is not asked about. */
function askedBefore(facts: readonly StepFacts[], mode: PlanMode): ReadonlyMap<string, string> {
  if (mode !== "confirm" && mode !== "step") return new Map();
  const taken = new Set(facts.map(({ id }) => id));
  const [first] = dagOf(facts).order;
  const asked = facts.filter(({ id, asks }) => !asks && !(mode === "step" && id === first));
  return new Map(asked.map(({ id }) => [id, approvalId(id, taken)]));
}

function approvalId(step: string, taken: Set<string>): string {
  const base = `approve-${step}`.slice(0, 60);
  let id = base;
  for (let n = 2; taken.has(id); n++) id = `${base}-${n}`;
  taken.add(id);
  return id;
}

/** A rejection ends the run, whatever the definition tolerates of its steps. */
function approvalOf(id: string, step: JsonObject, needs: readonly string[]): JsonObject {
  return {
    id,
    needs,
    ...(step.when === undefined ? {} : { when: step.when }),
    on_error: "fail",
    approval: { message: `Go on with step ${String(step.id)}?` },
  };
}

/** Other needs make other steps the last ones; what the run gives stays. */
function outputOf(definition: JsonObject, facts: readonly StepFacts[]): { readonly output?: Json } {
  if (definition.output !== undefined) return {};
  const { leaves } = dagOf(facts);
  const [only, ...others] = leaves;
  if (only !== undefined && others.length === 0) return { output: `{{ steps.${only}.output }}` };
  return { output: Object.fromEntries(leaves.map((id) => [id, `{{ steps.${id}.output }}`])) };
}

/** A word that was said once must not be kept for other runs: a cache for all steps becomes one of each that was there. */
function withOwnCache(definition: JsonObject, added: ReadonlySet<string>): JsonObject {
  const { defaults } = definition;
  if (added.size === 0 || !isJsonObject(defaults) || defaults.cache === undefined) return definition;
  const { cache, ...rest } = defaults;
  const steps = (definition.steps as readonly JsonObject[]).map((step) =>
    added.has(String(step.id)) ? step : { cache, ...step },
  );
  return { ...definition, defaults: rest, steps };
}

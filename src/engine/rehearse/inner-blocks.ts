import { isJsonObject } from "../../core/json.ts";
import { checkDefinition } from "../../workflow/check.ts";
import type { CheckedDefinition, CheckedStep } from "../../workflow/checked.ts";
import { blockDefinition, blockName } from "../../workflow/kinds/block.ts";
import type { RepeatedRuns, StepKindSpec } from "../../workflow/kinds/kind.ts";

/** A block that stands inside a step, as the workflow that it is. */
export interface InnerBlock {
  /** `STEP`, or `STEP.NAME` where the step has several; in a block, behind that one's path. Its steps are `PATH.ID`. */
  readonly path: string;
  /** The id of its step, in the definition around it. */
  readonly step: string;
  /** Empty: it is the only one of its step. */
  readonly name: string;
  readonly definition: CheckedDefinition;
  /** What the runs around its steps are called, from outside; blocks that run once are left out. */
  readonly within: readonly RepeatedRuns[];
}

/** Stored workflows whose files are at hand, by name. */
export type StoredWorkflows = ReadonlyMap<string, CheckedDefinition>;

/** What stands around a block. */
interface Around {
  readonly path: string;
  readonly within: readonly RepeatedRuns[];
  /** Stored workflows that it stands in, from outside: one that calls itself is looked at once. */
  readonly called: readonly string[];
}

/** The blocks of a definition's steps, each followed by those inside it. @param stored blocks that are one of these count too, and runs of these that steps start; others are none */
export function innerBlocks(
  definition: CheckedDefinition,
  kinds: readonly StepKindSpec[],
  stored: StoredWorkflows = new Map(),
  around: Around = { path: "", within: [], called: [] },
): readonly InnerBlock[] {
  return definition.steps.flatMap((step) => {
    const blocks = [...inlineBlocks(step, definition.name, kinds), ...storedBlocks(step, kinds, stored, around)];
    return blocks.flatMap(({ name, inner, called }): InnerBlock[] => {
      const repeats = specOf(step, kinds)?.repeats;
      const path = [around.path, step.id, name].filter((part) => part !== "").join(".");
      const within = repeats ? [...around.within, repeats] : around.within;
      const inside = { path, within, called: [...around.called, ...called] };
      return [{ path, step: step.id, name, definition: inner, within }, ...innerBlocks(inner, kinds, stored, inside)];
    });
  });
}

/** Names of the stored workflows that a definition calls, from its blocks too. */
export function calledWorkflows(definition: CheckedDefinition, kinds: readonly StepKindSpec[]): readonly string[] {
  const all = [definition, ...innerBlocks(definition, kinds).map((block) => block.definition)];
  const names = all.flatMap(({ steps }) =>
    steps.flatMap((step) => callsOf(step, kinds).map(({ workflow }) => workflow)),
  );
  return [...new Set(names)];
}

interface FoundBlock {
  readonly name: string;
  readonly inner: CheckedDefinition;
  readonly called: readonly string[];
}

function inlineBlocks(step: CheckedStep, outer: string, kinds: readonly StepKindSpec[]): readonly FoundBlock[] {
  const { id, body } = step;
  const places = isJsonObject(body) ? [...(specOf(step, kinds)?.blocks?.(body) ?? [])] : [];
  return places.map((place) => ({
    name: place.name,
    inner: checkDefinition(blockDefinition(blockName(outer, id, place.name), place), { kinds }),
    called: [],
  }));
}

function storedBlocks(
  step: CheckedStep,
  kinds: readonly StepKindSpec[],
  stored: StoredWorkflows,
  { called }: Around,
): readonly FoundBlock[] {
  return callsOf(step, kinds).flatMap(({ name, workflow }): FoundBlock[] => {
    const inner = called.includes(workflow) ? undefined : stored.get(workflow);
    return inner ? [{ name, inner, called: [workflow] }] : [];
  });
}

function callsOf(step: CheckedStep, kinds: readonly StepKindSpec[]) {
  return isJsonObject(step.body) ? [...(specOf(step, kinds)?.calls?.(step.body) ?? [])] : [];
}

function specOf({ kind }: CheckedStep, kinds: readonly StepKindSpec[]): StepKindSpec | undefined {
  return kinds.find(({ name }) => name === kind);
}

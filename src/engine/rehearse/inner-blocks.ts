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

/** The blocks of a definition's steps, each followed by those inside it. Blocks that are stored workflows are none. */
export function innerBlocks(
  definition: CheckedDefinition,
  kinds: readonly StepKindSpec[],
  around: { readonly path: string; readonly within: readonly RepeatedRuns[] } = { path: "", within: [] },
): readonly InnerBlock[] {
  return definition.steps.flatMap((step) =>
    blocksOf(step, definition.name, kinds).flatMap(({ name, inner, repeats }): InnerBlock[] => {
      const path = [around.path, step.id, name].filter((part) => part !== "").join(".");
      const within = repeats ? [...around.within, repeats] : around.within;
      return [{ path, step: step.id, name, definition: inner, within }, ...innerBlocks(inner, kinds, { path, within })];
    }),
  );
}

function blocksOf({ id, kind, body }: CheckedStep, outer: string, kinds: readonly StepKindSpec[]) {
  const spec = kinds.find((candidate) => candidate.name === kind);
  const places = isJsonObject(body) ? [...(spec?.blocks?.(body) ?? [])] : [];
  return places.map((place) => ({
    name: place.name,
    inner: checkDefinition(blockDefinition(blockName(outer, id, place.name), place), { kinds }),
    repeats: spec?.repeats,
  }));
}

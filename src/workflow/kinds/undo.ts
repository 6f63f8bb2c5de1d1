import { z } from "zod";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { StepKindSpec } from "./kind.ts";

const schema = z
  .strictObject({
    concurrency: z
      .number()
      .int()
      .min(1)
      .max(1_000)
      .optional()
      .describe("Runs undone at a time. Default: 1, the one that ended last first."),
  })
  .describe("Undoes the runs that the step has started and that succeeded, by their own compensations.");

/** What an author writes under `undo`. */
export type UndoBody = z.infer<typeof schema> & JsonObject;

/** Undoes the runs that a step has started: each is taken up again where it succeeded, and its compensations run. It stands under `compensate` only. */
export const undoKind: StepKindSpec<UndoBody> = {
  name: "undo",
  queue: "io",
  schema: schema as z.ZodType<UndoBody>,
  resumesBare: true,
  onlyUndoes: true,
  templates: () => [],
};

/** Runs undone at a time where a compensation is implied, and the runs do not follow one another. */
const impliedConcurrency = 10;

/**
 * The compensation of a step that says none although steps inside its blocks have some.
 * @returns undefined: none of them has. @param body the step's own
 */
export function impliedCompensation(
  kind: StepKindSpec,
  body: JsonObject,
  kinds: readonly StepKindSpec[],
): JsonObject | undefined {
  if (!undoesInside(kind, body, kinds)) return undefined;
  return { undo: kind.repeats === "rounds" ? {} : { concurrency: impliedConcurrency } };
}

function undoesInside(kind: StepKindSpec, body: JsonObject, kinds: readonly StepKindSpec[]): boolean {
  const steps = [...(kind.blocks?.(body) ?? [])].flatMap(({ block }) => (block.steps as readonly Json[]) ?? []);
  return steps.some((step) => {
    if (!isJsonObject(step)) return false;
    if (step.compensate !== undefined) return true;
    return kinds.some((inner) => {
      const own = step[inner.name];
      return isJsonObject(own) && undoesInside(inner, own, kinds);
    });
  });
}

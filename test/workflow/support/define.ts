import { AppError, type Problem } from "../../../src/core/errors.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { checkDefinition, defaultKinds } from "../../../src/workflow/check.ts";
import { compileWorkflow } from "../../../src/workflow/compile.ts";
import type { CompiledWorkflow } from "../../../src/workflow/compiled.ts";
import type { StepKindSpec } from "../../../src/workflow/kinds/kind.ts";
import { anyObject } from "../../../src/workflow/shape.ts";

/** A kind without a model: any object, every string of it a template that keeps its type. */
export const noop: StepKindSpec<JsonObject> = {
  name: "noop",
  queue: "io",
  schema: anyObject,
  *templates(body) {
    for (const [key, text] of Object.entries(body)) if (typeof text === "string") yield { path: [key], text };
  },
};

export const kinds = [...defaultKinds, noop];

/** Checks and compiles. */
export function define(source: string | JsonObject): CompiledWorkflow {
  return compileWorkflow(checkDefinition(source, { kinds }), { kinds });
}

/** The problems of a bad definition; empty for a good one. */
export function problemsOf(source: string | JsonObject): readonly Problem[] {
  return failureOf(() => checkDefinition(source, { kinds }))?.problems ?? [];
}

/** The AppError that something throws, or undefined. */
export function failureOf(act: () => unknown): AppError | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

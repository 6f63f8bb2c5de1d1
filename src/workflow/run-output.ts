import { AppError, type Problem } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { CheckedDefinition } from "./checked.ts";
import type { Rendering, Scope } from "./compiled.ts";
import { dagOf } from "./dag.ts";
import { pointerPath, schemaErrorText, schemaValidator } from "./json-schema.ts";
import { stringsIn } from "./path.ts";
import { renderingOf } from "./rendering.ts";

/**
 * A run's output: the definition's `output` rendered, or where it has none what the leaves give: the one leaf's output, or an
 * object of every leaf's output by its id.
 */
export function outputRendering({ name, output, steps }: CheckedDefinition): Rendering {
  if (output !== undefined) {
    return renderingOf({ owner: `Workflow "${name}"`, value: output, places: stringsIn(output), at: ["output"] });
  }
  const { leaves } = dagOf(steps);
  const [only, ...others] = leaves;
  if (only !== undefined && others.length === 0) return { reads: leaves, render: (scope) => outputOf(scope, only) };
  return {
    reads: leaves,
    render: (scope) => Object.fromEntries(leaves.map((id) => [id, outputOf(scope, id)])),
  };
}

/**
 * Makes the check of a workflow's run outputs. @param schema absent: any will do
 * @returns gives the output with the schema's defaults filled in, as a copy. @throws AppError output_invalid with every problem.
 */
export function outputCheck(workflow: string, schema: JsonObject | undefined): (output: Json) => Json {
  if (!schema) return (output) => output;
  const validate = schemaValidator(schema);
  return (output) => {
    const copy = structuredClone(output);
    const problems = validate(copy).map((error): Problem => {
      const path = ["output", ...pointerPath(error.instancePath)].join(".");
      return { path, message: schemaErrorText(error) };
    });
    if (problems.length === 0) return copy;
    const listed = problems.map(({ path, message }) => `${path} ${message}`).join("; ");
    const message = `The output does not fit the output_schema of workflow "${workflow}": ${listed}.`;
    throw new AppError("output_invalid", { message, details: { problems: problems.map(({ path }) => path) } });
  };
}

function outputOf({ steps }: Scope, id: string): Json {
  return steps[id]?.output ?? null;
}

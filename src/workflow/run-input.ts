import { AppError, type Problem } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { didYouMean } from "../core/suggest.ts";
import { pointerPath, type SchemaValidator, schemaErrorText, schemaValidator } from "./json-schema.ts";

type SchemaError = ReturnType<SchemaValidator>[number];

/**
 * Makes the check of a workflow's run inputs.
 * @returns gives the input with the schema's defaults filled in, as a copy. @throws AppError invalid_input with every problem.
 */
export function inputCheck(workflow: string, schema: JsonObject | undefined): (input: unknown) => JsonObject {
  const validate = schema ? schemaValidator(schema) : undefined;
  return (input) => {
    const copy: unknown = input === undefined ? {} : structuredClone(input);
    if (!isJsonObject(copy)) {
      throw invalidInput(workflow, [{ path: "input", message: "must be an object" }]);
    }
    const problems = validate?.(copy).map((error) => inputProblem(error, schema)) ?? [];
    if (problems.length > 0) throw invalidInput(workflow, problems);
    return copy;
  };
}

function invalidInput(workflow: string, problems: readonly Problem[]): AppError {
  const listed = problems.map((problem) => `${problem.path} ${problem.message}`).join("; ");
  return new AppError("invalid_input", {
    message: `The input does not fit workflow "${workflow}": ${listed}.`,
    problems,
  });
}

function inputProblem(error: SchemaError, schema: JsonObject | undefined): Problem {
  const params: Readonly<Record<string, unknown>> = error.params;
  const place = ["input", ...pointerPath(error.instancePath)];
  if (error.keyword === "required") {
    return { path: [...place, String(params.missingProperty)].join("."), message: "is required" };
  }
  if (error.keyword === "additionalProperties") {
    const name = String(params.additionalProperty);
    const known = isJsonObject(schema?.properties) && place.length === 1 ? Object.keys(schema.properties) : [];
    return { path: [...place, name].join("."), message: `is not a field of the input.${didYouMean(name, known)}` };
  }
  return { path: place.join("."), message: schemaErrorText(error) };
}

import type { Json } from "../../core/json.ts";
import { crossingsOf } from "../../workflow/jumps.ts";
import type { Path } from "../../workflow/path.ts";
import { readShape } from "../../workflow/shape.ts";
import type { Expectation } from "./expectation.ts";
import type { TestContext } from "./test-context.ts";
import { expectationShape, type WrittenExpectation } from "./test-shape.ts";

/**
 * Reads what a test expects, and reports what cannot be expected. A test that expects no error expects success.
 * @returns undefined if it has not the shape of an expectation
 */
export function readExpectation(given: Json, path: Path, context: TestContext): Expectation | undefined {
  const written = readShape(expectationShape, given, path, context.problems);
  if (!written) return undefined;
  const { status, ran, skipped, failed, compensated, attempts, rendered, output, error } = written;
  checkSteps(written, path, context);
  checkError(written, path, context);
  return {
    status: status ?? (error ? "failed" : "succeeded"),
    ...(ran ? { ran } : {}),
    ...(skipped ? { skipped } : {}),
    ...(failed ? { failed } : {}),
    ...(compensated ? { compensated } : {}),
    ...(attempts ? { attempts } : {}),
    ...(rendered ? { rendered } : {}),
    ...(output === undefined ? {} : { output: { value: output as Json } }),
    ...(error ? { error } : {}),
  };
}

function checkSteps(
  { ran = [], skipped = [], failed = [], compensated = [], attempts = {}, rendered = {} }: WrittenExpectation,
  path: Path,
  context: TestContext,
): void {
  const { steps } = context.definition;
  const crossings = crossingsOf(steps);
  for (const [index, id] of ran.entries()) context.knowsStep(id, [...path, "ran", index], "value");
  for (const [index, id] of compensated.entries()) {
    const at = [...path, "compensated", index];
    if (!context.knowsStep(id, at, "value") || steps.some((step) => step.id === id && step.compensation)) continue;
    context.problems.add(at, `step "${id}" has no compensate: it is never undone.`);
  }
  for (const [index, id] of failed.entries()) context.knowsStep(id, [...path, "failed", index], "value");
  for (const [index, id] of skipped.entries()) {
    const at = [...path, "skipped", index];
    if (!context.knowsStep(id, at, "value")) continue;
    const isSkippable = steps.some((step) => step.id === id && (step.when !== undefined || crossings.has(id)));
    if (!isSkippable) context.problems.add(at, `step "${id}" has no when: it is never skipped.`);
    else if (ran.includes(id)) context.problems.add(at, `step "${id}" cannot have run and be skipped.`);
  }
  for (const id of Object.keys(attempts)) context.knowsStep(id, [...path, "attempts", id], "key");
  for (const id of Object.keys(rendered)) context.knowsStep(id, [...path, "rendered", id], "key");
}

function checkError({ status, output, error }: WrittenExpectation, path: Path, context: TestContext): void {
  const { problems } = context;
  const failsByWord = status === "failed" || error !== undefined;
  if (status === "succeeded" && error !== undefined)
    problems.addKey([...path, "error"], "a run that succeeds has no error.");
  if (failsByWord && output !== undefined) problems.addKey([...path, "output"], "a run that fails has no output.");
  if (error?.step !== undefined) context.knowsStep(error.step, [...path, "error", "step"], "value");
}

import type { Json } from "../../core/json.ts";
import { didYouMean } from "../../core/suggest.ts";
import { crossingsOf } from "../../workflow/jumps.ts";
import type { Path } from "../../workflow/path.ts";
import { readShape } from "../../workflow/shape.ts";
import type { BlockExpectation, Expectation } from "./expectation.ts";
import { readMachineExpectation } from "./read-machine-expectation.ts";
import type { TestContext } from "./test-context.ts";
import { blockShape, expectationShape, type WrittenExpectation } from "./test-shape.ts";

/**
 * Reads what a test expects, and reports what cannot be expected. A test that expects no error expects success.
 * @returns undefined if it has not the shape of an expectation
 */
export function readExpectation(given: Json, path: Path, context: TestContext): Expectation | undefined {
  const written = readShape(expectationShape, given, path, context.problems);
  if (!written) return undefined;
  const { status, ran, skipped, failed, compensated, attempts, rendered, output, blocks, error } = written;
  checkSteps(written, path, context);
  checkError(written, path, context);
  const ofMachine = readMachineExpectation(written, path, context);
  return {
    status: status ?? (error ? "failed" : "succeeded"),
    ...(ran ? { ran } : {}),
    ...(skipped ? { skipped } : {}),
    ...(failed ? { failed } : {}),
    ...(compensated ? { compensated } : {}),
    ...(attempts ? { attempts } : {}),
    ...(rendered ? { rendered } : {}),
    ...(output === undefined ? {} : { output: { value: output as Json } }),
    ...(blocks ? { blocks: readBlocks(blocks, [...path, "blocks"], context) } : {}),
    ...(error ? { error } : {}),
    ...ofMachine,
  };
}

function readBlocks(
  written: Readonly<Record<string, unknown>>,
  path: Path,
  context: TestContext,
): NonNullable<Expectation["blocks"]> {
  const blocks = Object.entries(written).flatMap(([step, given]): [string, BlockExpectation][] => {
    const at = [...path, step];
    if (!context.knowsOwnStep(step, at, "key")) return [];
    const names = context.blocksOf(step);
    if (names.length === 0) {
      context.problems.addKey(at, `no block stands inside step "${step}".`);
      return [];
    }
    const block = readShape(blockShape, given as Json, at, context.problems);
    if (!block) return [];
    const { count, output, runs } = block;
    return [
      [
        step,
        {
          ...(count === undefined ? (Array.isArray(runs) ? { count: runs.length } : {}) : { count }),
          ...(output === undefined ? {} : { output: { value: output as Json } }),
          ...(runs ? { runs: readRuns(runs, { step, names }, [...at, "runs"], context) } : {}),
        },
      ],
    ];
  });
  return Object.fromEntries(blocks);
}

function readRuns(
  written: readonly unknown[] | Readonly<Record<string, unknown>>,
  { step, names }: { readonly step: string; readonly names: readonly string[] },
  path: Path,
  context: TestContext,
): NonNullable<BlockExpectation["runs"]> {
  const isNamed = !names.includes("");
  const entries = Array.isArray(written) ? [...written.entries()] : Object.entries(written);
  const runs = entries.flatMap(([key, given]): [string, Expectation][] => {
    const at = [...path, key];
    const inside = context.inside(step, isNamed ? String(key) : "");
    if (!inside) {
      const message = `step "${step}" has no block "${key}"; it has ${names.join(", ")}.${didYouMean(String(key), names)}`;
      context.problems.addKey(at, message);
    } else if (!isNamed && !/^\d+$/.test(String(key))) {
      context.problems.addKey(at, `must be the number of a run of step "${step}", from 0.`);
    } else if (given !== null) {
      const expectation = readExpectation(given as Json, at, inside);
      return expectation ? [[String(key), expectation]] : [];
    }
    return [];
  });
  return Object.fromEntries(runs);
}

function checkSteps(
  { ran = [], skipped = [], failed = [], compensated = [], attempts = {}, rendered = {} }: WrittenExpectation,
  path: Path,
  context: TestContext,
): void {
  const { steps } = context.definition;
  const crossings = crossingsOf(steps);
  for (const [index, id] of ran.entries()) context.knowsOwnStep(id, [...path, "ran", index], "value");
  for (const [index, id] of compensated.entries()) {
    const at = [...path, "compensated", index];
    if (!context.knowsOwnStep(id, at, "value") || steps.some((step) => step.id === id && step.compensation)) continue;
    context.problems.add(at, `step "${id}" has no compensate: it is never undone.`);
  }
  for (const [index, id] of failed.entries()) context.knowsOwnStep(id, [...path, "failed", index], "value");
  for (const [index, id] of skipped.entries()) {
    const at = [...path, "skipped", index];
    if (!context.knowsOwnStep(id, at, "value")) continue;
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
  if (status === "waiting" && context.ofMachine("a run that waits", [...path, "status"])) {
    if (output !== undefined) problems.addKey([...path, "output"], "a run that waits has no output yet.");
    if (error !== undefined) problems.addKey([...path, "error"], "a run that waits has no error.");
    return;
  }
  if (status === "succeeded" && error !== undefined)
    problems.addKey([...path, "error"], "a run that succeeds has no error.");
  if (failsByWord && output !== undefined) problems.addKey([...path, "output"], "a run that fails has no output.");
  if (error?.step !== undefined && context.machine)
    problems.addKey([...path, "error", "step"], "the error of a machine's run names no step; say it with failed.");
  else if (error?.step !== undefined) context.knowsOwnStep(error.step, [...path, "error", "step"], "value");
}

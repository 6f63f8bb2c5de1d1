import { AppError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { CheckedDefinition } from "../../workflow/checked.ts";
import type { StepKindSpec } from "../../workflow/kinds/kind.ts";
import type { Path } from "../../workflow/path.ts";
import { ProblemList } from "../../workflow/problem-list.ts";
import { readShape } from "../../workflow/shape.ts";
import { readSource } from "../../workflow/source.ts";
import type { Expectation } from "./expectation.ts";
import type { StoredWorkflows } from "./inner-blocks.ts";
import { readExpectation } from "./read-expectation.ts";
import { readScripts } from "./read-scripts.ts";
import { readSignals } from "./read-signals.ts";
import { laidOver, type Script } from "./script.ts";
import type { ScriptedSignal } from "./signals.ts";
import { TestContext } from "./test-context.ts";
import { testFileShape, testShape } from "./test-shape.ts";

/** One test of a workflow. */
export interface WorkflowTest {
  readonly name: string;
  readonly input: Json;
  /** By step id, of steps inside blocks by path; the test's own over the file's. */
  readonly scripts: ReadonlyMap<string, Script>;
  /** Environment variables that steps may read. */
  readonly env: Readonly<Record<string, string>>;
  /** What is sent to an XState machine. */
  readonly signals: readonly ScriptedSignal[];
  /** Milliseconds from the start at which a machine that goes on for ever is left. Absent: never. */
  readonly untilMs?: number;
  readonly expectation: Expectation;
}

/** What a test file is read for. */
export interface TestReading {
  readonly definition: CheckedDefinition;
  readonly kinds: readonly StepKindSpec[];
  /** Workflows that it calls, as far as their files are at hand: tests name the steps in them. Default: none. */
  readonly stored?: StoredWorkflows;
  /** Stands before each position in the message. */
  readonly fileName: string;
}

/** The workflow file that a test file names, relative to it; undefined: it names none, or is no test file. Never throws. */
export function namedWorkflow(text: string): string | undefined {
  const { value } = readSource(text);
  return isJsonObject(value) && typeof value.workflow === "string" ? value.workflow : undefined;
}

/** Whether a text is a test file rather than a workflow. Never throws. */
export function isTestFile(text: string): boolean {
  const { value } = readSource(text);
  return isJsonObject(value) && value.tests !== undefined;
}

/**
 * Reads the tests of a workflow: YAML or JSON.
 * @throws AppError invalid_tests with every problem at once, each with line and column.
 */
export function readTests(text: string, reading: TestReading): readonly WorkflowTest[] {
  const { value, problems: found, locator } = readSource(text);
  const problems = new ProblemList(locator, found);
  if (!isJsonObject(value)) {
    if (found.length === 0) problems.add([], "a test file is an object with tests.");
    throwIfAny(problems, reading.fileName);
    return [];
  }
  const file = readShape(testFileShape, value, [], problems);
  const context = new TestContext(reading.definition, reading.kinds, problems, reading.stored);
  const shared = readScripts(value.steps, ["steps"], context);
  const written = Array.isArray(value.tests) ? (value.tests as readonly Json[]) : [];
  const env = file?.env ?? {};
  const tests = written.flatMap((test, index) => readTest(test, ["tests", index], { shared, env, context }));
  reportTwins(tests, written, problems);
  throwIfAny(problems, reading.fileName);
  return tests;
}

interface Shared {
  readonly shared: ReadonlyMap<string, Script>;
  readonly env: Readonly<Record<string, string>>;
  readonly context: TestContext;
}

function readTest(written: Json, path: Path, { shared, env, context }: Shared): readonly WorkflowTest[] {
  const test = readShape(testShape, written, path, context.problems);
  const parts = isJsonObject(written) ? written : {};
  const own = readScripts(parts.steps, [...path, "steps"], context);
  const expectation = readExpectation(parts.expect ?? {}, [...path, "expect"], context);
  if (expectation?.status === "cancelled") {
    const at = [...path, "expect", "status"];
    context.problems.add(at, "must be succeeded or failed: nobody cancels the run of a test, only runs of blocks are.");
  }
  const signals = readSignals(parts.signals, [...path, "signals"], context);
  if (parts.until !== undefined) context.ofMachine("until", [...path, "until"]);
  if (!test || !expectation) return [];
  const { name, input = {}, until } = test;
  const scripts = laidOver(shared, own);
  const more = until === undefined ? {} : { untilMs: until };
  return [{ name, input, scripts, env: { ...env, ...test.env }, signals, expectation, ...more }];
}

function reportTwins(tests: readonly WorkflowTest[], written: readonly Json[], problems: ProblemList): void {
  const seen = new Set<string>();
  if (tests.length < written.length) return;
  for (const [index, { name }] of tests.entries()) {
    if (seen.has(name)) problems.add(["tests", index, "name"], `another test above has the name "${name}".`);
    seen.add(name);
  }
}

function throwIfAny(problems: ProblemList, fileName: string): void {
  try {
    problems.throwIfAny(fileName);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { message, problems: listed } = error;
    throw new AppError("invalid_tests", { message, problems: listed, details: { file: fileName } });
  }
}

import type { Coverage } from "../../engine/rehearse/coverage.ts";
import type { Covered } from "../../engine/rehearse/covered.ts";
import type { MachineCoverage } from "../../engine/rehearse/machine-coverage.ts";
import type { TestResult } from "../../engine/rehearse/run-tests.ts";
import type { Paint } from "../output.ts";

/** What running the tests of one file brought. */
export interface FileResult {
  readonly workflow: string;
  /** File of the tests. */
  readonly file: string;
  readonly results: readonly TestResult[];
  /** Absent: nobody asked. */
  readonly coverage?: Coverage | MachineCoverage;
}

/** Names that are listed of what no test goes through. */
const maxListed = 30;

/** The results of one file for people: a line a test, and below it what is not as expected. */
export function resultLines({ workflow, file, results, coverage }: FileResult, paint: Paint): readonly string[] {
  const failed = results.filter(({ unmet }) => unmet.length > 0).length;
  const sum = [`${results.length - failed} passed`, ...(failed > 0 ? [paint.red(`${failed} failed`)] : [])].join(", ");
  return [
    `${paint.bold(workflow)} ${paint.dim(file)}`,
    ...results.flatMap((result) => testLines(result, paint)),
    `  ${results.length} ${results.length === 1 ? "test" : "tests"}: ${sum}`,
    ...(coverage ? coverageLines(coverage, paint) : []),
  ];
}

function testLines({ name, unmet }: TestResult, paint: Paint): readonly string[] {
  if (unmet.length === 0) return [`  ${paint.green("✔")} ${name}`];
  return [
    `  ${paint.red("✖")} ${name}`,
    ...unmet.map(({ place, message }) => `      ${paint.bold(place)}: ${message}`),
  ];
}

function coverageLines(coverage: Coverage | MachineCoverage, paint: Paint): readonly string[] {
  return "states" in coverage ? machineLines(coverage, paint) : stepLines(coverage, paint);
}

/** Of an XState machine. */
function machineLines({ steps, states, transitions, paths }: MachineCoverage, paint: Paint): readonly string[] {
  const walked = walkedText(paths);
  const counted = `steps ${share(steps)}, states ${share(states)}, transitions ${share(transitions)}`;
  const free = paths?.isFree && paths.missing.length > 0 ? " (guards chosen freely: some may be impossible)" : "";
  return [
    `  ${paint.bold("coverage")} ${counted}, ${walked}`,
    ...missingLines("steps that no test runs", steps.missing, paint),
    ...missingLines("states that no test enters", states.missing, paint),
    ...missingLines("transitions that no test takes", transitions.missing, paint),
    ...missingLines(`paths that no test goes${free}`, paths?.missing ?? [], paint),
  ];
}

function walkedText(paths: MachineCoverage["paths"]): string {
  if (!paths) return "paths too many to walk: states and transitions tell";
  return paths.total === 0 ? "no path leads to an end" : `paths ${share(paths)}`;
}

function stepLines({ steps, branches, paths }: Coverage, paint: Paint): readonly string[] {
  const { total, isSampled, covered, missing } = paths;
  const all = total === null ? "too many to count" : total > 1e9 ? "more than 1,000,000,000" : String(total);
  const counted = isSampled
    ? `${covered} of ${covered + missing.length} looked at; in all: ${all}`
    : `${covered} of ${all}`;
  return [
    `  ${paint.bold("coverage")} steps ${share(steps)}, branches ${share(branches)}, paths ${counted}`,
    ...missingLines("steps that no test runs", steps.missing, paint),
    ...missingLines("branches that no test takes", branches.missing, paint),
    ...missingLines("paths that no test goes", missing, paint),
  ];
}

function share({ covered, total }: Covered): string {
  return `${covered} of ${total}`;
}

function missingLines(title: string, missing: readonly string[], paint: Paint): readonly string[] {
  if (missing.length === 0) return [];
  const rest = missing.length - maxListed;
  return [
    `  ${title}:`,
    ...missing.slice(0, maxListed).map((name) => `    ${paint.yellow("○")} ${name}`),
    ...(rest > 0 ? [`    ... and ${rest} more`] : []),
  ];
}

/** The results of one file for machines. */
export function resultJson({ workflow, file, results, coverage }: FileResult) {
  const tests = results.map(({ name, run, unmet }) => {
    const { status, output, error, steps } = run;
    const told = steps.map(({ id, status: stepStatus, attempts }) => ({ id, status: stepStatus, attempts }));
    return { name, passed: unmet.length === 0, unmet, run: { status, output, error, steps: told } };
  });
  return { workflow, file, passed: tests.every(({ passed }) => passed), tests, ...(coverage ? { coverage } : {}) };
}

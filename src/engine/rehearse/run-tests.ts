import type { StepHandler } from "../../steps/handler.ts";
import type { CheckedDefinition } from "../../workflow/checked.ts";
import { compileWorkflow } from "../../workflow/compile.ts";
import type { StepKindSpec } from "../../workflow/kinds/kind.ts";
import { pathsOf } from "../../workflow/paths/paths.ts";
import { driverOf } from "../definitions.ts";
import { type Coverage, coverageOf } from "./coverage.ts";
import { type Unmet, unmet } from "./expectation.ts";
import { innerBlocks } from "./inner-blocks.ts";
import type { WorkflowTest } from "./read-tests.ts";
import { rehearse } from "./rehearse.ts";
import type { RehearsedRun } from "./rehearsed-run.ts";

/** A test that has been run. */
export interface TestResult {
  readonly name: string;
  readonly run: RehearsedRun;
  /** Empty: it has passed. */
  readonly unmet: readonly Unmet[];
}

/** What running a workflow's tests needs. */
export interface TestRun {
  readonly definition: CheckedDefinition;
  readonly kinds: readonly StepKindSpec[];
  readonly tests: readonly WorkflowTest[];
  /** Handlers by kind that reach nothing outside. Default: none. */
  readonly pure?: ReadonlyMap<string, StepHandler>;
}

/** Runs the tests of a workflow, one after the other, without Redis, workers or network. */
export async function runTests({ definition, kinds, tests, pure }: TestRun): Promise<readonly TestResult[]> {
  const workflow = compileWorkflow(definition, { kinds });
  const driver = driverOf(workflow);
  const results: TestResult[] = [];
  for (const { name, input, scripts, env, expectation } of tests) {
    const run = await rehearse({ workflow, driver, input, scripts, kinds, env, ...(pure ? { pure } : {}) });
    results.push({ name, run, unmet: unmet(expectation, run) });
  }
  return results;
}

/** What the tests of a workflow went through, of every path that its statechart has. */
export function testCoverage({ definition, kinds }: TestRun, results: readonly TestResult[]): Coverage {
  const { machine } = compileWorkflow(definition, { kinds });
  const goOn = definition.steps.filter(({ onError }) => onError.type === "go_on").map(({ id }) => id);
  return coverageOf(
    definition,
    innerBlocks(definition, kinds),
    pathsOf(machine, new Set(goOn)),
    results.map(({ run }) => run),
  );
}

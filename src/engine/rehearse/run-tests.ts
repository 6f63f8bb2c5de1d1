import { AppError } from "../../core/errors.ts";
import type { StepHandler } from "../../steps/handler.ts";
import type { CheckedDefinition } from "../../workflow/checked.ts";
import { compileWorkflow } from "../../workflow/compile.ts";
import type { StepKindSpec } from "../../workflow/kinds/kind.ts";
import type { MachineTree } from "../../workflow/machine-tree.ts";
import { pathsOf } from "../../workflow/paths/paths.ts";
import { driverOf } from "../definitions.ts";
import { createOwnDriver } from "../own-driver.ts";
import { type Coverage, coverageOf } from "./coverage.ts";
import { type Unmet, unmet } from "./expectation.ts";
import { innerBlocks, type StoredWorkflows } from "./inner-blocks.ts";
import { type MachineCoverage, machineCoverage } from "./machine-coverage.ts";
import { MachineTrace } from "./machine-trace.ts";
import type { WorkflowTest } from "./read-tests.ts";
import { type RehearsalParams, rehearse } from "./rehearse.ts";
import type { RehearsedRun } from "./rehearsed-run.ts";
import { type ScriptedSignal, SignalScript } from "./signals.ts";

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
  /** Workflows that it calls, as far as their files are at hand: their runs are rehearsed too. Default: none. */
  readonly stored?: StoredWorkflows;
  /** Handlers by kind that reach nothing outside. Default: none. */
  readonly pure?: ReadonlyMap<string, StepHandler>;
}

/** Runs the tests of a workflow, one after the other, without Redis, workers or network. */
export async function runTests({ definition, kinds, tests, stored, pure }: TestRun): Promise<readonly TestResult[]> {
  const workflow = compileWorkflow(definition, { kinds });
  const driver = driverOf(workflow);
  const results: TestResult[] = [];
  for (const { name, input, scripts, env, signals, untilMs, expectation } of tests) {
    const how = { workflow, input, scripts, kinds, env, ...(pure ? { pure } : {}), ...(stored ? { stored } : {}) };
    const machine = workflow.own && watched(workflow.own, signals);
    const run = await rehearse(
      machine ? { ...how, ...machine, ...(untilMs === undefined ? {} : { untilMs }) } : { ...how, driver },
    );
    results.push({ name, run, unmet: unmet(expectation, run) });
  }
  return results;
}

/** A machine whose every state is written down. */
function watched(tree: MachineTree, signals: readonly ScriptedSignal[]): Pick<RehearsalParams, "driver" | "machine"> {
  const trace = new MachineTrace();
  return { driver: createOwnDriver(tree, trace), machine: { trace, signals: new SignalScript(signals) } };
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

/** The same of an XState machine. @throws AppError internal - the workflow is none */
export function machineTestCoverage({ definition, kinds }: TestRun, results: readonly TestResult[]): MachineCoverage {
  const { name, own } = compileWorkflow(definition, { kinds });
  if (!own) throw new AppError("internal", { message: `${name} is no XState machine.` });
  return machineCoverage(
    own,
    results.map(({ run }) => run),
  );
}

import type { CliContext, GlobalOptions, Register } from "../context.ts";
import { exitWith } from "../context.ts";
import { readDefinition } from "../definition-file.ts";
import { exitCodes } from "../failure.ts";
import { readText } from "../input.ts";
import type { FileResult } from "../tests/result-lines.ts";

interface TestOptions extends GlobalOptions {
  readonly coverage?: boolean;
}

/** `switchyard test FILE...`: runs the tests that stand beside workflows. No server, no Redis, no model is asked. Exit code 1 if one fails. */
export const registerTest: Register = (program, context) => {
  program
    .command("test")
    .description("run the tests of workflow files, with written results in place of models; needs no server")
    .argument("<files...>", "workflows (their tests are beside them as NAME.test.yaml), or test files")
    .option(
      "--coverage",
      "list the steps, branches and paths that no test goes through; of XState machines states, transitions and paths",
    )
    .addHelpText("after", example)
    .action(async (files: readonly string[], _options, command) => {
      const { coverage, json }: TestOptions = command.optsWithGlobals();
      const { output } = context;
      const tested: FileResult[] = [];
      for (const file of files) tested.push(await testFile(file, coverage ?? false, context));
      const { resultJson, resultLines } = await import("../tests/result-lines.ts");
      const passed = tested.every(({ results }) => results.every(({ unmet }) => unmet.length === 0));
      if (json) output.json({ passed, files: tested.map(resultJson) });
      else for (const result of tested) output.print(...resultLines(result, output.paint));
      if (!passed) exitWith(exitCodes.runFailed);
    });
};

const example = `
Example:
  switchyard test workflows/incident-report.yaml --coverage`;

async function testFile(file: string, withCoverage: boolean, { cwd }: CliContext): Promise<FileResult> {
  const { calledBeside } = await import("../tests/called-beside.ts");
  const { findTests } = await import("../tests/find-tests.ts");
  const { readTests } = await import("../../engine/rehearse/read-tests.ts");
  const { machineTestCoverage, runTests, testCoverage } = await import("../../engine/rehearse/run-tests.ts");
  const { defaultKinds: kinds } = await import("../../workflow/check.ts");
  const { pureHandlers } = await import("../tests/pure-handlers.ts");
  const pair = await findTests(file, cwd);
  const definition = await readDefinition(pair.workflow, cwd);
  const text = await readText(pair.tests, cwd);
  const stored = await calledBeside(definition, { file: pair.workflow, cwd, kinds });
  const tests = readTests(text, { definition, kinds, stored, fileName: pair.tests });
  const run = { definition, kinds, tests, stored, pure: pureHandlers() };
  const results = await runTests(run);
  const coverageOf = definition.machine ? machineTestCoverage : testCoverage;
  const coverage = withCoverage ? { coverage: coverageOf(run, results) } : {};
  return { workflow: definition.name, file: pair.tests, results, ...coverage };
}

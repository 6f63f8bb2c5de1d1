import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readTests } from "../../src/engine/rehearse/read-tests.ts";
import { runTests, testCoverage } from "../../src/engine/rehearse/run-tests.ts";
import { checkDefinition, defaultKinds as kinds } from "../../src/workflow/check.ts";

const page = (name: string) => readFileSync(new URL(`../../docs/reference/${name}.md`, import.meta.url), "utf8");

test("the tests in workflow-tests.md pass for the workflow `triage` of workflow.md", async () => {
  const [, workflow = ""] = /^```yaml\n(name: triage\n[\s\S]*?)^```$/m.exec(page("workflow")) ?? [];
  const [, text = ""] = /^```yaml\n([\s\S]*?^tests:[\s\S]*?)^```$/m.exec(page("workflow-tests")) ?? [];
  const definition = checkDefinition(workflow);
  const run = { definition, kinds, tests: readTests(text, { definition, kinds, fileName: "triage.test.yaml" }) };
  const results = await runTests(run);
  expect(results.map(({ name, unmet }) => [name, unmet])).toEqual(results.map(({ name }) => [name, []]));
  expect([results.length, testCoverage(run, results).steps.missing]).toEqual([3, []]);
});

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { pureHandlers } from "../../src/cli/tests/pure-handlers.ts";
import { readTests } from "../../src/engine/rehearse/read-tests.ts";
import { runTests, testCoverage } from "../../src/engine/rehearse/run-tests.ts";
import { checkDefinition, defaultKinds as kinds } from "../../src/workflow/check.ts";

const folder = new URL("../../workflows/", import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith(".test.yaml"));
const read = (file: string) => readFileSync(new URL(file, folder), "utf8");

describe("the tests of the shipped workflows", () => {
  test("there are some", () => {
    expect(files).toEqual(expect.arrayContaining(["hello.test.yaml", "incident-report.test.yaml"]));
  });

  test.each(files)("%s passes, and leaves no step out", async (fileName) => {
    const definition = checkDefinition(read(fileName.replace(".test", "")));
    const run = {
      definition,
      kinds,
      tests: readTests(read(fileName), { definition, kinds, fileName }),
      pure: pureHandlers(),
    };
    const results = await runTests(run);
    expect(results.map(({ name, unmet }) => [name, unmet])).toEqual(results.map(({ name }) => [name, []]));
    expect(testCoverage(run, results).steps.missing).toEqual([]);
  });
});

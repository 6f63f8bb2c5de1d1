import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";

test("switchyard schema prints the JSON Schema of workflows", () => {
  const printed = execFileSync(process.execPath, [resolve("dist/cli/main.js"), "schema"], { encoding: "utf8" });
  expect(printed).toBe(readFileSync(new URL("../../docs/reference/workflow.schema.json", import.meta.url), "utf8"));
});

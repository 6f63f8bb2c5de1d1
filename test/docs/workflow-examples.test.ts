import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkDefinition } from "../../src/workflow/check.ts";
import { compileWorkflow } from "../../src/workflow/compile.ts";

const folder = new URL("../../docs/reference/", import.meta.url);

/** Every yaml fence of the reference that is a whole workflow: it begins with `name:`. */
const examples = readdirSync(folder)
  .filter((file) => file.endsWith(".md"))
  .flatMap((file) => {
    const text = readFileSync(new URL(file, folder), "utf8");
    return [...text.matchAll(/^```yaml\n(name:[\s\S]*?)^```$/gm)].map(([, yaml = ""], index) => {
      return { example: `${file}, workflow ${index + 1}`, yaml };
    });
  });

describe("the workflows in the reference", () => {
  test("there are some", () => {
    expect(examples.length).toBeGreaterThan(5);
  });

  test.each(examples)("$example is one that Switchyard takes", ({ yaml }) => {
    expect(() => compileWorkflow(checkDefinition(yaml))).not.toThrow();
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { switchyard } from "./built-program.ts";

const reference = readFileSync(new URL("../../docs/reference/axonflow.md", import.meta.url), "utf8");
const [, ticket = ""] = /^```yaml\n(apiVersion:[\s\S]*?)^```$/m.exec(reference) ?? [];
let cwd = "";
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "switchyard-axonflow-"));
  writeFileSync(join(cwd, "ticket.yaml"), ticket);
  writeFileSync(join(cwd, "broken.yaml"), ticket.replace("type: conditional", "type: conditonal"));
});
afterAll(() => rmSync(cwd, { recursive: true }));

describe("a file of AxonFlow's format on the command line: that of the reference", () => {
  test("is valid, under the name in its metadata", async () => {
    const { code, out } = await switchyard(["validate", "ticket.yaml"], { cwd });
    expect({ code, out }).toEqual({ code: 0, out: "✔ ticket.yaml (ticket)\n" });
  });

  test("is drawn", async () => {
    const { code, out } = await switchyard(["graph", "ticket.yaml"], { cwd });
    expect(code).toBe(0);
    for (const step of ["sort", "check", "hurry", "wait"]) expect(out).toContain(`n_${step}`);
  });

  test("with a mistake: exit code 2, with line, column and what was meant", async () => {
    const { code, err } = await switchyard(["validate", "broken.yaml"], { cwd });
    expect(code).toBe(2);
    expect(err).toMatch(/12:\d+ spec\.steps\.1\.type: must be one of .* Did you mean conditional\?/);
  });
});

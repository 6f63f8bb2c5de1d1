import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { graphFormatNames } from "../../src/workflow/graph/draw.ts";

const program = resolve("dist/cli/main.js");
const shipped = resolve(import.meta.dirname, "../../workflows/incident-report.yaml");
let cwd = "";
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "switchyard-graph-"));
});
afterAll(() => rmSync(cwd, { recursive: true }));

function graph(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { PATH } = process.env;
  return new Promise((done) => {
    const child = execFile(process.execPath, [program, "graph", ...args], { cwd, env: { PATH } }, (_error, out, err) =>
      done({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

describe("switchyard graph", () => {
  test("prints Mermaid text, and nothing else, on standard output", async () => {
    const { code, out, err } = await graph(shipped);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^flowchart TB\n/);
    expect(out).toContain("n_classify --> n_timeline");
  });

  test("knows every form that can be drawn", async () => {
    const help = (await graph("--help")).out.replace(/\s+/g, " ");
    expect(help).toContain(`(choices: ${graphFormatNames.map((name) => `"${name}"`).join(", ")})`);
  });

  test.each([
    ["a.mmd", /^flowchart/],
    ["a.svg", /^<svg /],
    ["a.json", /^\{\n {2}"id": "incident-report"/],
  ])("writes %s in the form that its ending says", async (file, begin) => {
    const { code, out } = await graph(shipped, "-o", file);
    expect({ code, out }).toEqual({ code: 0, out: "" });
    expect(readFileSync(join(cwd, file), "utf8")).toMatch(begin);
  });

  test("draws the statechart with --states", async () => {
    expect((await graph(shipped, "--states")).out).toContain('subgraph n_impact["impact"]');
  });

  test("answers machines with --json", async () => {
    const { out } = await graph(shipped, "--format", "xstate", "--json");
    const { name, format, text } = JSON.parse(out) as { name: string; format: string; text: string };
    expect({ name, format, id: JSON.parse(text).id }).toEqual({
      name: "incident-report",
      format: "xstate",
      id: "incident-report",
    });
  });

  test("lists a definition's mistakes with the file's name, and draws nothing", async () => {
    writeFileSync(join(cwd, "bad.yaml"), "name: a\nsteps:\n  - id: b\n    llm: { promt: x }\n    needs: [c]\n");
    const { code, out, err } = await graph("bad.yaml");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("bad.yaml:4:12 steps.0.llm.promt: unknown key. Did you mean prompt?");
    expect(err).toContain('bad.yaml:5:13 steps.0.needs.0: there is no step "c".');
  });

  test("refuses an unknown form and a file that cannot be written", async () => {
    expect(await graph(shipped, "--format", "png")).toMatchObject({
      code: 2,
      err: expect.stringContaining("Allowed choices are mermaid, svg, xstate."),
    });
    expect(await graph(shipped, "-o", "no/such/folder/a.svg")).toMatchObject({
      code: 2,
      err: expect.stringContaining("[file_unwritable] no/such/folder/a.svg cannot be written"),
    });
  });
});

import { stripVTControlCharacters } from "node:util";
import pc from "picocolors";
import { describe, expect, test } from "vitest";
import { outputLines } from "../../src/cli/demo/ending.ts";

const plain = pc.createColors(false);

describe("the demo's output", () => {
  test("has short values as a table and each longer one below its name", () => {
    const output = { severity: "critical", lines: 3, report: "[simulated a/b]\nReport: x\n\nImpact\n12 users" };
    expect(outputLines(output, 80, plain)).toEqual([
      "severity  critical",
      "lines     3",
      "",
      "report",
      "  [simulated a/b]",
      "  Report: x",
      "",
      "  Impact",
      "  12 users",
    ]);
  });

  test("has a list of objects as numbered lines, never as JSON", () => {
    const actions = [
      { action: "Fix it", owner: "checkout-team", due: "2026-03-17" },
      { action: "Add an alert", owner: null },
    ];
    expect(outputLines({ actions }, 80, plain)).toEqual([
      "actions",
      "  1. Fix it (owner: checkout-team, due: 2026-03-17)",
      "  2. Add an alert (owner: null)",
    ]);
  });

  test("breaks long lines at spaces, below their text", () => {
    const report = `09:12:04 ${"word ".repeat(12).trim()}\n${"x".repeat(60)}`;
    const lines = outputLines({ report }, 40, plain);
    expect(lines.slice(1, 3)).toEqual([
      "  09:12:04 word word word word word word",
      "           word word word word word word",
    ]);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
  });

  test("says the same in colours", () => {
    const output = { severity: "low", report: "[simulated a/b]\nReport: x\n\nCause\nnone known" };
    expect(outputLines(output, 40, pc.createColors(true)).map(stripVTControlCharacters)).toEqual(
      outputLines(output, 40, plain),
    );
  });

  test("is empty for an empty output", () => {
    expect(outputLines({}, 80, plain)).toEqual([]);
  });
});

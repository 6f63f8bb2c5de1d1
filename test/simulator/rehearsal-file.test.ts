import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseOutageScript } from "../../src/simulator/script.ts";

test("the shipped rehearsal is a script in which every outage ends", () => {
  const text = readFileSync(new URL("../../workflows/rehearsals/outage.yaml", import.meta.url), "utf8");
  const { outages } = parseOutageScript(text);
  expect(outages.length).toBeGreaterThan(3);
  expect(outages.every(({ toMs }) => toMs !== undefined && toMs <= 70_000)).toBe(true);
});

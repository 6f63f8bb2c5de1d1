import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadSettings } from "../../src/config/load.ts";
import type { AppError } from "../../src/core/errors.ts";
import { agentSummary, workOf } from "../../src/planning/agent.ts";
import { chosen, loadCatalogue } from "../../src/planning/catalogue.ts";

describe("the catalogue of agents", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "switchyard-agents-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

  test("has agents of its own, each with a part to play", () => {
    const shipped = loadCatalogue(null);
    expect([...shipped.keys()]).toEqual(["analyst", "editor", "extractor", "researcher", "reviewer", "writer"]);
    for (const { description, body } of shipped.values()) {
      expect(description.length).toBeGreaterThan(40);
      expect(String(body.system).length).toBeGreaterThan(80);
    }
  });

  test("an agent of the folder stands beside the program's own, or in place of one of its name", () => {
    write(
      "writer.yaml",
      "name: writer\ndescription: Ours.\nsystem: You write for us.\nroute: { provider: anthropic }\n",
    );
    write(
      "shop.yml",
      "name: shop\ndescription: Knows the stock.\nsystem: You sell.\ntools:\n  - { name: stock, description: What is there, input: { type: object }, http: { url: 'https://shop.example/stock' } }\n",
    );
    write("notes.txt", "no agent");
    const found = loadCatalogue(folder);
    expect(found.get("writer")).toMatchObject({ description: "Ours.", route: { provider: "anthropic" } });
    const shop = found.get("shop");
    expect(shop && agentSummary(shop)).toMatchObject({ name: "shop", tools: ["stock"], structured: false });
    expect(shop && Object.keys(workOf(shop, "Sell."))).toEqual(["agent"]);
    expect(found.has("analyst")).toBe(true);
  });

  test("the example's agents are read, its settings taken", () => {
    const settings = loadSettings({ env: {}, cwd: "/", file: resolve("examples/plans/switchyard.yaml") });
    expect(settings).toMatchObject({ warnings: [], planMaxSteps: 8, planMaxUsd: 0.2 });
    const found = loadCatalogue(settings.agents);
    expect(found.get("writer")?.description).toContain("this house");
    expect(found.has("buyer")).toBe(true);
  });

  test("tells everything that is wrong in all files, with its place", () => {
    write("a.yaml", "name: A\ndescription: Does.\nsystem: You do.\ntemprature: 0.5\n");
    write("b.yaml", "name: b\ndescription: Does.\nsystem: You do.\ntemprature: 0.5\nroute: { provder: x }\n");
    write("c.yaml", "name: b2\ndescription: [\n");
    write("d.yaml", "name: d\ndescription: Does.\nsystem: You do.\noutput: { type: objekt }\n");
    const error = failure(() => loadCatalogue(folder));
    expect(error.code).toBe("invalid_agents");
    const told = error.problems.map(({ path, line }) => `${path} ${line}`);
    expect(told).toEqual(
      expect.arrayContaining([
        "a.yaml: name 1",
        "b.yaml: temprature 4",
        "b.yaml: route.provder 5",
        "d.yaml: output.type 4",
      ]),
    );
    expect(told.some((one) => one.startsWith("c.yaml"))).toBe(true);
    expect(error.message).toContain("Did you mean temperature?");
  });

  test("gives those that are named, and says which are not there", () => {
    const all = loadCatalogue(null);
    expect([...chosen(all, ["writer", "analyst"]).keys()]).toEqual(["analyst", "writer"]);
    const error = failure(() => chosen(all, ["writer", "analist"]));
    expect(error).toMatchObject({ code: "unknown_agent", details: { known: [...all.keys()] } });
    expect(error.message).toContain("Did you mean analyst?");
  });
});

function failure(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    return error as AppError;
  }
  throw new Error("it did not fail");
}

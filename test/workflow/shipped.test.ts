import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadSettings } from "../../src/config/load.ts";
import { createProviders } from "../../src/providers/create.ts";
import { checkHints } from "../../src/router/check-hints.ts";
import { strategies } from "../../src/router/strategies/registry.ts";
import { checkDefinition } from "../../src/workflow/check.ts";
import { compileWorkflow } from "../../src/workflow/compile.ts";
import { PureDriver } from "./support/pure-driver.ts";

const folder = new URL("../../workflows/", import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith(".yaml") && !file.endsWith(".test.yaml"));

function shipped(file: string) {
  return compileWorkflow(checkDefinition(readFileSync(new URL(file, folder), "utf8"), { fileName: file }));
}

describe("the shipped workflows", () => {
  test.each(files)("%s is valid and bears its file's name", (file) => {
    expect(`${shipped(file).name}.yaml`).toBe(file);
  });

  test.each(files)("%s names no strategy that a submission refuses", (file) => {
    const text = readFileSync(new URL(file, folder), "utf8");
    const { steps } = checkDefinition(text, { fileName: file, strategies: Object.keys(strategies) });
    const env = { OPENAI_API_KEY: "k", ANTHROPIC_API_KEY: "k", OLLAMA_ENDPOINT: "http://127.0.0.1:11434" };
    const settings = loadSettings({ env, cwd: "/", file: "/dev/null" });
    const { routing, models, edition } = settings;
    const known = { routing, models, edition, version: 0, providers: createProviders(settings) };
    for (const { route } of steps) expect(() => checkHints(route, known)).not.toThrow();
  });

  test("incident-report reads its log and runs timeline, impact and root cause side by side", async () => {
    const { machine, checkInput, steps, renderOutput } = shipped("incident-report.yaml");
    const input = checkInput({ log: readFileSync(new URL("incident.log", folder), "utf8") });
    const run = new PureDriver(machine, input);
    run.succeed("facts");
    const classified = { severity: "critical", component: "checkout-api" };
    run.succeed("classify", classified);
    expect(run.running).toEqual(["impact", "root_cause", "timeline"]);
    for (const step of ["timeline", "impact", "root_cause", "report", "actions"]) run.succeed(step);
    expect(run.status).toBe("succeeded");

    const outputs = { facts: "F", timeline: "T", root_cause: "C", impact: null, report: "R" };
    const scope = {
      input,
      steps: {
        ...Object.fromEntries(Object.entries(outputs).map(([id, output]) => [id, { output }])),
        classify: { output: classified },
        actions: { output: { items: [{ action: "close transactions", owner: "checkout" }] } },
      },
    };
    for (const step of steps.values()) await step.render(scope);
    expect(await renderOutput(scope)).toEqual({
      ...classified,
      report: "R",
      actions: [{ action: "close transactions", owner: "checkout" }],
    });
  });

  test("incident-report asks nobody about the impact of a small incident", () => {
    const run = new PureDriver(shipped("incident-report.yaml").machine, { log: "x" });
    run.succeed("facts");
    run.succeed("classify", { severity: "low", component: "cron" });
    expect(run.running).toEqual(["root_cause", "timeline"]);
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningApp, startApp } from "../server/running-app.ts";
import { eventually } from "../support/eventually.ts";
import { type Printed, switchyard } from "./built-program.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.close());

const run = (...args: readonly string[]): Promise<Printed> =>
  switchyard([...args, "--url", running.url], { cwd: running.redis.directory, env: {} });

describe("switchyard plan", () => {
  test("makes a plan, shows its steps and says what to type next; --output keeps the workflow, which validates", async () => {
    const { code, out, err } = await run("plan", "Compare three vendors and write a recommendation", "-o", "plan.yaml");
    expect(code).toBe(0);
    expect(out).toMatch(/^plan_\w+ pending version 1, mode auto\n {2}Compare three vendors/);
    expect(out).toMatch(/recommendation +llm +writer +comparison +Write a recommendation/);
    const id = out.split(" ", 1)[0] ?? "";
    expect(err).toContain(`switchyard plans execute ${id} --watch`);
    expect(readFileSync(join(running.redis.directory, "plan.yaml"), "utf8")).toContain("- id: recommendation");
    expect(await run("validate", "plan.yaml")).toMatchObject({ code: 0 });
  });

  test("--execute --watch runs it to its end", async () => {
    const { code, out } = await run(
      "plan",
      "Summarise what routing is",
      "--execute",
      "--watch",
      "--mode",
      "sequential",
    );
    expect(code).toBe(0);
    expect(out).toMatch(/run of plan-summarise-what-routing-is-\w+ v1 accepted/);
    expect(out).toContain("run succeeded");
  });

  test("plans edit, show, execute, approve, list and cancel", async () => {
    const { plans } = running.client;
    const { id } = await plans.make({ goal: "Summarise what routing is" });
    expect(JSON.parse((await run("plans", "edit", id, "--mode", "step", "--json")).out)).toMatchObject({ version: 2 });
    const shown = await run("plans", "show", id);
    expect(shown.out).toMatch(/approve-\S+ +approval/);
    expect(shown.out).toMatch(/2 .* mode auto to step/);
    const executed = await run("plans", "execute", id);
    const { run: runId } = await plans.get(id);
    expect(executed.out).toContain(`run ${runId}`);
    await eventually(async () => expect((await plans.get(id)).status).toBe("awaiting_approval"));
    expect((await run("plans", "approve", id)).out).toBe(`${id}: approved\n`);
    await running.client.wait(runId ?? "");
    expect((await run("plans", "list", "--status", "completed")).out).toContain(id);
    const again = await run("plans", "cancel", id);
    expect([again.code, again.err]).toEqual([2, expect.stringContaining("run_ended")]);
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningApp, startApp } from "../server/running-app.ts";
import { switchyard } from "./built-program.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
  await running.client.store({ name: "inner", steps: [{ id: "a", wait: { for: "1ms" } }] });
  await running.client.store({ name: "outer", steps: [{ id: "b", workflow: { name: "inner" } }] });
});
afterAll(() => running.close());

const workflows = (...args: readonly string[]) =>
  switchyard(["workflows", ...args, "--url", running.url], { cwd: running.redis.directory, env: {} });

describe("switchyard workflows", () => {
  test("lists them, shows one, and deletes those that nothing needs", async () => {
    const { out } = await workflows("list");
    expect(out).toMatch(/^inner +v1 +\d{4}-.*\nouter +v1/m);
    expect(JSON.parse((await workflows("show", "outer")).out)).toMatchObject({ name: "outer", steps: [{ id: "b" }] });
    const refused = await workflows("delete", "inner");
    expect(refused.code).not.toBe(0);
    expect(refused.err).toContain('Workflow "inner" is needed by workflows (outer).');
    expect(await workflows("delete", "outer")).toMatchObject({ code: 0, out: "outer is deleted\n" });
    expect(JSON.parse((await workflows("delete", "inner", "--json")).out)).toEqual({
      workflow: "inner",
      deleted: true,
    });
    expect((await workflows("list")).err).toBe("No workflows.\n");
  });
});

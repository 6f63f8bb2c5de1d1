import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Costs } from "../../src/core/spend.ts";
import { type RunningApp, startApp, twoSteps } from "../server/running-app.ts";
import { eventually } from "../support/eventually.ts";
import { type Printed, switchyard } from "./built-program.ts";

let running: RunningApp;
beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.close());

const costs = (...args: string[]): Promise<Printed> =>
  switchyard(["costs", ...args, "--url", running.url], { cwd: running.redis.directory });

describe("switchyard costs", () => {
  test("says so where nothing was called", async () => {
    const { code, out, err } = await costs();
    expect([code, out]).toEqual([0, ""]);
    expect(err).toMatch(/^No calls since \d{4}-\d\d-\d\d\.\n$/);
    expect(JSON.parse((await costs("--json")).out)).toMatchObject({ groups: [], total: { calls: 0, costUsd: null } });
  });

  test("prints a line for each group and a total, and tells of calls without a price", async () => {
    for (const hints of [
      { provider: "openai" },
      { provider: "ollama" },
      { provider: "openai", model: "gpt-unheard-of" },
    ]) {
      const { id } = await running.client.submit({ definition: twoSteps, input: { topic: "rivers" }, hints });
      await running.client.wait(id);
    }
    await eventually(async () => expect((await running.client.costs()).total.calls).toBe(6));
    const { code, out, err } = await costs("--by", "provider,workflow");
    const [heads, ...lines] = out.trimEnd().split("\n");
    expect(code).toBe(0);
    expect(heads?.split(/\s+/)).toEqual(
      expect.arrayContaining(["provider", "workflow", "calls", "failed", "tokens", "in", "out", "cost"]),
    );
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^ollama +two-steps +2 .*\$0$/);
    expect(lines[1]).toMatch(/^openai +two-steps +4 .*\$\S+ \+ \?$/);
    expect(lines[2]).toMatch(/^all +6 /);
    expect(err).toContain("2 calls have no known price and no part in the cost");
    const { groups } = JSON.parse((await costs("--by", "model", "--json")).out) as Costs;
    expect(groups.find(({ of }) => of.model === "gpt-unheard-of")?.use).toMatchObject({ costUsd: null, unpriced: 2 });
  });

  test.each([
    [["--by", "provder"], "Did you mean provider?"],
    [["--days", "0"], "1"],
  ])("refuses %j", async (args, message) => {
    const { code, out, err } = await costs(...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(message);
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Costs, noUse } from "../../src/core/spend.ts";
import type { ProblemDocument } from "../../src/server/problem.ts";
import { eventually } from "../support/eventually.ts";
import { type RunningApp, startApp, twoSteps } from "./running-app.ts";

let running: RunningApp;
let costUsd = 0;
beforeAll(async () => {
  running = await startApp();
  const { id } = await running.client.submit({ definition: twoSteps, input: { topic: "rivers" } });
  const run = await running.client.wait(id);
  costUsd = run.costUsd ?? 0;
});
afterAll(() => running.close());

const today = () => new Date().toISOString().slice(0, 10);

async function ask<T = Costs>(query: string): Promise<{ readonly status: number; readonly body: T }> {
  const answer = await fetch(`${running.url}/v1/costs${query}`);
  return { status: answer.status, body: (await answer.json()) as T };
}

describe("GET /v1/costs", () => {
  test("sums what the steps' calls have used, and agrees with the run", async () => {
    const { body } = await eventually(async () => {
      const answer = await ask("?by=workflow,provider,model,key");
      expect(answer.body.total.calls).toBe(2);
      return answer;
    });
    expect(costUsd).toBeGreaterThan(0);
    expect(body.total.costUsd).toBeCloseTo(costUsd, 9);
    expect(body.groups).toEqual([
      {
        of: { workflow: "two-steps", provider: "openai", model: expect.any(String), key: "key-1" },
        use: body.total,
      },
    ]);
    expect(body.total).toMatchObject({ failed: 0, unpriced: 0 });
    expect(body.total.inputTokens).toBeGreaterThan(0);
    expect(body.total.outputTokens).toBeGreaterThan(0);
  });

  test("by day and provider for seven days, unless asked otherwise", async () => {
    const { body } = await ask("");
    expect(body.to).toBe(today());
    expect((Date.parse(body.to) - Date.parse(body.from)) / 86_400_000).toBe(6);
    expect(body.groups.map(({ of }) => of)).toEqual([{ day: today(), provider: "openai" }]);
    const { body: other } = await ask("?from=2020-01-01&to=2020-12-31&by=day");
    expect(other).toEqual({ from: "2020-01-01", to: "2020-12-31", groups: [], total: noUse });
  });

  test("is one sum of all without a dimension, and a dimension named twice counts once", async () => {
    const { body } = await ask("?by=");
    expect(body.groups).toEqual([{ of: {}, use: body.total }]);
    expect((await ask("?by=provider,provider")).body.groups.map(({ of }) => of)).toEqual([{ provider: "openai" }]);
  });

  test("is what the client reads", async () => {
    expect(await running.client.costs({ days: 1, by: ["provider"] })).toEqual((await ask("?days=1&by=provider")).body);
  });

  test.each([
    ["?by=provder", "by.0", "Did you mean provider?"],
    ["?days=0", "days", "at least 1"],
    ["?days=401", "days", "400"],
    ["?from=2026-13-01", "from", ""],
    ["?from=2026-02-03&to=2026-02-01", "from", "must not be after the last day, 2026-02-01."],
    ["?from=2001-01-01&to=2026-01-01", "from", "within 400 days"],
    ["?from=9999-01-01", "from", "must not be after the last day"],
    ["?days=3&from=2026-01-01", "days", "either `days` or `from`"],
    ["?form=2026-01-01", "form", "unknown key"],
  ])("refuses %s", async (query, path, message) => {
    const { status, body } = await ask<ProblemDocument>(query);
    expect([status, body.code]).toEqual([400, "bad_request"]);
    expect(body.problems).toContainEqual({ path, message: expect.stringContaining(message) });
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type RunningApp, startApp } from "./running-app.ts";

let app: RunningApp;
beforeAll(async () => {
  app = await startApp({ PROVIDER_COSTS: "openai:10,anthropic:1" });
});
afterAll(() => app?.close());

const definition = { name: "ask", steps: [{ id: "a", llm: { prompt: "Hello" } }] };

describe("budgets over the API", () => {
  test("a workflow's steps end as budget_spent once its budget is; told in costs, gone when it is removed", async () => {
    const { client } = app;
    const set = await client.budgets.set("asking", { workflow: "ask", usd: 1e-6, period: "day" }, { author: "ada" });
    expect(set).toMatchObject({ changed: true, author: "ada" });
    const first = await client.submit({ definition });
    expect((await client.wait(first.id)).status).toBe("succeeded");
    const standing = { id: "asking", counts: "workflow ask", state: "spent", action: "refuse", usd: 1e-6 };
    await eventually(async () => expect(await client.budgets.list()).toMatchObject([standing]));
    const second = await client.wait((await client.submit({ definition })).id);
    expect(second).toMatchObject({ status: "failed", steps: [{ attempts: 1, error: { code: "budget_spent" } }] });
    expect(second.steps[0]?.calls).toBe(0);
    await client.budgets.remove("asking");
    expect(await client.budgets.list()).toEqual([]);
    await expect(client.budgets.remove("asking")).rejects.toMatchObject({ code: "budget_not_found" });
    const third = await client.submit({ definition });
    expect((await client.wait(third.id)).status).toBe("succeeded");
  });

  test("setting one again replaces it as a whole; everything that is wrong is told at once", async () => {
    const { client } = app;
    await client.budgets.set("b", { tenant: "acme", usd: 5, action: "warn" });
    await client.budgets.set("b", { provider: "openai", usd: 7 });
    const [only] = await client.budgets.list();
    expect(only).toMatchObject({
      scope: { of: "provider", name: "openai" },
      usd: 7,
      action: "refuse",
      period: "month",
    });
    const wrong = { tenant: "acme", provider: "opnai", usd: 1, action: "refuse", model: "cheap" } as const;
    const refused = client.budgets.set("b", wrong);
    await expect(refused).rejects.toMatchObject({ code: "invalid_settings" });
    const { problems } = await refused.catch((error) => error);
    expect(problems.map(({ path }: { path: string }) => path)).toEqual([
      "routing.budgets.b",
      "routing.budgets.b.provider",
      "routing.budgets.b.model",
    ]);
  });
});

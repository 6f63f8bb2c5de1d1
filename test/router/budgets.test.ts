import { describe, expect, test } from "vitest";
import type { BudgetRequest } from "../../src/core/budget.ts";
import type { RouteOutcome } from "../../src/router/router.ts";
import { eventually } from "../support/eventually.ts";
import { wired } from "./wired.ts";

const w = wired();
const costs = { openai: 10, anthropic: 5, ollama: 1 };
/** What the first call spends. */
const little = 1e-6;

const start = (budgets: Readonly<Record<string, BudgetRequest>>, warned: object[] = []) =>
  w.start({}, [], undefined, {
    routing: { costs, budgets },
    log: { warn: (fields) => void warned.push(fields) },
  });
const servedBy = (outcome: RouteOutcome) => (outcome.type === "answered" ? outcome.served.provider : outcome.type);

describe("a budget that is spent", () => {
  test("refuses its tenant's requests, in every process, and nobody else's", async () => {
    const budgets = { acme: { tenant: "acme", usd: little } };
    const [one, other] = [start(budgets), start(budgets)];
    expect(servedBy(await one.ask({}, { tenant: "acme" }))).toBe("openai");
    const refused = await one.ask({}, { tenant: "acme" });
    expect(refused).toMatchObject({ type: "rejected", calls: [], error: { code: "budget_spent" } });
    expect(refused.type === "rejected" && refused.error.message).toContain("Budget acme (tenant acme) is spent");
    await eventually(async () => expect(servedBy(await other.ask({}, { tenant: "acme" }))).toBe("rejected"));
    expect(servedBy(await other.ask({}, { tenant: "beta" }))).toBe("openai");
    expect(servedBy(await other.ask())).toBe("openai");
  });

  test("of each workflow leaves other workflows and direct requests alone", async () => {
    const router = start({ each: { workflow: "*", usd: little } });
    expect(servedBy(await router.ask({}, { workflow: "report" }))).toBe("openai");
    expect(servedBy(await router.ask({}, { workflow: "report" }))).toBe("rejected");
    expect(servedBy(await router.ask({}, { workflow: "other" }))).toBe("openai");
    expect(servedBy(await router.ask())).toBe("openai");
  });

  test("of a provider sets it aside with the reason; with nobody left the request is refused", async () => {
    const router = start({ each: { provider: "*", usd: little, period: "day" } });
    expect(servedBy(await router.ask())).toBe("openai");
    const second = await router.ask();
    expect(servedBy(second)).toBe("anthropic");
    expect(second.decision?.candidates.find(({ provider }) => provider === "openai")?.excluded).toBe(
      `its budget of $${little} a day is spent`,
    );
    expect(servedBy(await router.ask())).toBe("ollama");
    expect(await router.ask()).toMatchObject({ type: "rejected", error: { code: "budget_spent" } });
  });

  test("sends requests to cheaper targets where it says so; a pinned provider stays", async () => {
    const router = start({ fleet: { usd: little, action: "downgrade" } });
    expect(servedBy(await router.ask())).toBe("openai");
    const second = await router.ask({ provider: "openai" });
    expect([servedBy(second), second.decision?.strategy]).toEqual(["ollama", "cost_optimized"]);
    expect(second.decision?.budgets).toMatchObject([{ id: "fleet", counts: "fleet", action: "downgrade" }]);
    expect(servedBy(await router.ask({ provider: "openai", strict_provider: true }))).toBe("openai");
  });

  test("of a provider that only downgrades is tried last", async () => {
    const router = start({ dear: { provider: "openai", usd: little, action: "downgrade" } });
    expect(servedBy(await router.ask())).toBe("openai");
    expect(servedBy(await router.ask())).toBe("anthropic");
    w.vendors.fail("anthropic", 400);
    w.vendors.fail("ollama", 503);
    expect(servedBy(await router.ask({ allow: ["openai"] }))).toBe("openai");
  });

  test("that only warns is told once, and in each decision", async () => {
    const warned: object[] = [];
    const router = start({ soft: { usd: little, action: "warn" } }, warned);
    for (let i = 0; i < 3; i++) expect(servedBy(await router.ask())).toBe("openai");
    expect((await router.ask()).decision?.budgets).toMatchObject([{ id: "soft", action: "warn" }]);
    expect(warned).toMatchObject([{ id: "soft", state: "spent" }]);
  });

  test("is known to a process that was idle at its very first request", async () => {
    const budgets = { acme: { tenant: "acme", usd: little } };
    const [busy, idle] = [start(budgets), start(budgets)];
    // It has seen the sum while nothing was spent.
    await idle.router.explain({ hints: {}, tenant: "acme" });
    expect(servedBy(await busy.ask({}, { tenant: "acme" }))).toBe("openai");
    await eventually(async () => expect((await busy.router.budgets())[0]?.spentUsd).toBeGreaterThan(0));
    w.clock.advance(5_000);
    expect(servedBy(await idle.ask({}, { tenant: "acme" }))).toBe("rejected");
  });

  test("begins anew with the next day", async () => {
    const router = start({ daily: { usd: little, period: "day" } });
    expect(servedBy(await router.ask())).toBe("openai");
    expect(servedBy(await router.ask())).toBe("rejected");
    w.clock.advance(86_400_000);
    expect(servedBy(await router.ask())).toBe("openai");
  });
});

describe("budgets as a whole", () => {
  test("know what was spent before they were set, and are told by whom they count", async () => {
    expect(servedBy(await start({}).ask({}, { tenant: "acme", workflow: "acme/report" }))).toBe("openai");
    const later = start({ all: { tenant: "*", usd: little }, big: { provider: "openai", usd: 1_000 } });
    await eventually(async () => expect(servedBy(await later.ask({}, { tenant: "acme" }))).toBe("rejected"));
    const standings = await later.router.budgets();
    expect(standings.map(({ id, counts, state }) => [id, counts, state])).toEqual([
      ["all", "tenant acme", "spent"],
      ["big", "provider openai", "open"],
    ]);
  });
});

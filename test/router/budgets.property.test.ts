import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Budget, budgetActions, budgetPeriods } from "../../src/core/budget.ts";
import { concernsOf, standingOfBudget, verdictOf } from "../../src/router/budgets.ts";

const names = ["a", "b", "*"];
const budget: fc.Arbitrary<Budget> = fc.record({
  scope: fc.option(
    fc.record({
      of: fc.constantFrom("tenant" as const, "workflow" as const, "provider" as const),
      name: fc.constantFrom(...names),
    }),
  ),
  period: fc.constantFrom(...budgetPeriods),
  usd: fc.double({ min: 0.01, max: 100, noNaN: true }),
  action: fc.constantFrom(...budgetActions),
  warnAt: fc.double({ min: 0.1, max: 1, noNaN: true }),
  model: fc.option(fc.constant("cheap")),
});
const budgets = fc.dictionary(fc.constantFrom("one", "two", "three", "four"), budget);
const now = Date.UTC(2026, 10, 22);

describe("what budgets say to a request", () => {
  test("only those that concern it have a say, and only once they are spent", () => {
    fc.assert(
      fc.property(budgets, fc.double({ min: 0, max: 120, noNaN: true }), (set, spent) => {
        const concerns = concernsOf(set, { tenant: "a", workflow: "b" }, ["a", "b"]);
        for (const { budget: one, sum } of concerns) {
          const whose = { tenant: ["a"], workflow: ["b"], provider: ["a", "b"] };
          const by = one.scope ? whose[one.scope.of].map((name) => `${one.scope?.of}:${name}`) : ["fleet"];
          expect(by).toContain(sum.by);
          if (one.scope && one.scope.name !== "*") expect(sum.by).toBe(`${one.scope.of}:${one.scope.name}`);
        }
        const verdict = verdictOf(
          concerns,
          concerns.map((one) => standingOfBudget(one, spent, now)),
        );
        const isSpent = (action: string, ofProvider: boolean) =>
          concerns.some(
            (one) =>
              one.budget.action === action && spent >= one.budget.usd && (one.provider !== undefined) === ofProvider,
          );
        expect(verdict.refused !== undefined).toBe(isSpent("refuse", false));
        expect(verdict.downgraded !== undefined).toBe(isSpent("downgrade", false));
        expect(verdict.out.size > 0).toBe(isSpent("refuse", true));
        expect(verdict.last.length > 0).toBe(isSpent("downgrade", true));
        const told = concerns.filter((one) => spent >= one.budget.usd * one.budget.warnAt || spent >= one.budget.usd);
        expect(verdict.notes.length).toBe(told.length);
      }),
    );
  });

  test("a budget ends with its day or month, by UTC", () => {
    const one = (period: Budget["period"]) => ({
      id: "x",
      budget: { scope: null, period, usd: 1, action: "refuse", warnAt: 0.8, model: null } as const,
      sum: { period, by: "fleet" },
    });
    const at = Date.UTC(2026, 11, 31, 23, 59);
    for (const period of budgetPeriods) expect(standingOfBudget(one(period), 0, at).until).toBe(Date.UTC(2027, 0, 1));
    expect(standingOfBudget(one("month"), 0, now).until).toBe(Date.UTC(2026, 11, 1));
  });
});

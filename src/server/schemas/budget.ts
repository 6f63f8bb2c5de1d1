import { z } from "zod";
import { type BudgetStanding, budgetActions, budgetPeriods, budgetScopes } from "../../core/budget.ts";
import { moment } from "./json-values.ts";

/** How a budget stands. */
export const budgetStanding = z
  .strictObject({
    id: z.string(),
    scope: z
      .strictObject({ of: z.enum(budgetScopes), name: z.string() })
      .nullable()
      .describe("null: the whole fleet."),
    counts: z.string().describe("What it counts: `tenant acme`, `fleet`."),
    period: z.enum(budgetPeriods),
    usd: z.number(),
    spentUsd: z.number(),
    action: z.enum(budgetActions),
    warnAt: z.number(),
    model: z.string().nullable(),
    until: moment.describe("When its period ends."),
    state: z.enum(["open", "warned", "spent"]),
  })
  .meta({ id: "BudgetStanding" }) satisfies z.ZodType<BudgetStanding>;

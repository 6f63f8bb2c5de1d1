import { z } from "zod";
import { budgetId } from "../../config/read-budgets.ts";
import { type BudgetStanding, budgetActions, budgetPeriods } from "../../core/budget.ts";
import { AppError } from "../../core/errors.ts";
import type { Principal } from "../../core/principal.ts";
import { defaultTenant, tenantOf } from "../../core/tenant.ts";
import { isFleetAdmin } from "../admission.ts";
import { unknownNames } from "../budget-names.ts";
import { changeAnswer, changeBy, changeHeaders } from "../change-by.ts";
import { checked } from "../checked.ts";
import { jsonTypes } from "../media-types.ts";
import type { Route } from "../route.ts";
import { budgetStanding } from "../schemas/budget.ts";
import { routingChange } from "../schemas/routing.ts";

const paramsSchema = z.object({
  id: z.string().regex(budgetId, { error: "must hold only letters, digits, . _ and -, at most 100." }),
});
const name = z.string().min(1).max(200);
const bodySchema = z.strictObject({
  tenant: name.optional().describe("`*`: each tenant has one."),
  workflow: name.optional().describe("`*`: each workflow has one."),
  provider: name.optional().describe("`*`: each provider has one."),
  usd: z.number().gt(0),
  period: z.enum(budgetPeriods).optional().describe("Default `month`, by UTC."),
  action: z.enum(budgetActions).optional().describe("What happens once it is spent. Default `refuse`."),
  warn_at: z.number().gt(0).max(1).optional().describe("Share of it from which on it is told. Default 0.8."),
  model: name.optional().describe("`downgrade`: the model or alias that is asked for then."),
});

/** `GET /v1/budgets`: how each stands. */
export const listBudgets: Route = {
  method: "GET",
  url: "/v1/budgets",
  chapter: "costs",
  scope: "read",
  summary: "The budgets, what is spent of each, and when its period ends.",
  answers: { 200: { text: "By id.", schema: z.strictObject({ budgets: z.array(budgetStanding) }) } },
  handler:
    ({ router }) =>
    async (request) => ({ budgets: (await router.budgets()).filter((one) => isShown(one, request.principal)) }),
};

/** A tenant is told of budgets that are its own; the default one also of the fleet's and the providers'; its admins of all. */
function isShown({ counts }: BudgetStanding, principal: Principal): boolean {
  const [of, name = ""] = counts.split(/ (.*)/, 2);
  const owner = of === "tenant" ? name : of === "workflow" ? tenantOf(name) : defaultTenant;
  return isFleetAdmin(principal) || owner === principal.tenant;
}

/** `PUT /v1/budgets/:id`: sets a budget, in place of one of that id. It counts what was spent before, too. */
export const setBudget: Route = {
  method: "PUT",
  url: "/v1/budgets/:id",
  chapter: "costs",
  scope: "admin",
  fleet: true,
  summary: "Say what may be spent: {usd, tenant | workflow | provider, period?, action?, warn_at?, model?}.",
  takes: jsonTypes,
  reads: { params: paramsSchema, headers: changeHeaders, body: bodySchema },
  answers: {
    200: {
      text: "The version of the routing that is current now; `warnings` names the tenant, workflow or model that is not there yet.",
      schema: routingChange,
    },
  },
  handler: (context) => async (request, reply) => {
    const { id } = checked(paramsSchema, request.params, "path");
    const body = checked(bodySchema, request.body, "body");
    const nothing = Object.fromEntries(Object.keys(bodySchema.shape).map((key) => [key, null]));
    const budgets = { [id]: { ...nothing, ...body } };
    const change = await context.routing.change({ budgets }, changeBy(request));
    const warnings = [...change.warnings, ...(await unknownNames(body, context))];
    return changeAnswer(reply, { ...change, warnings });
  },
};

/** `DELETE /v1/budgets/:id`: spends without it. */
export const removeBudget: Route = {
  method: "DELETE",
  url: "/v1/budgets/:id",
  chapter: "costs",
  scope: "admin",
  fleet: true,
  summary: "End a budget.",
  reads: { params: paramsSchema, headers: changeHeaders },
  answers: { 200: { text: "The version of the routing that is current now.", schema: routingChange } },
  handler:
    ({ routing, router }) =>
    async (request, reply) => {
      const { id } = checked(paramsSchema, request.params, "path");
      const known = [...new Set((await router.budgets()).map((one) => one.id))];
      const change = await routing.change({ budgets: { [id]: null } }, changeBy(request));
      if (change.changed || known.includes(id)) return changeAnswer(reply, change);
      const list = known.length > 0 ? `Known: ${known.join(", ")}.` : "None is set.";
      throw new AppError("budget_not_found", { message: `No budget has the id "${id}". ${list}` });
    },
};

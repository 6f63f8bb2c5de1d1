import { z } from "zod";
import { addUse, type Costs, groupSpend, noUse, spendDimensions } from "../../core/spend.ts";
import { isFleetAdmin } from "../admission.ts";
import { checked } from "../checked.ts";
import type { Route } from "../route.ts";
import { costsSchema } from "../schemas/costs.ts";

const dayMs = 86_400_000;
/** As long as the sums are kept. */
const longest = 400;
const day = z.iso.date();
const querySchema = z
  .strictObject({
    days: z.coerce.number().int().min(1).max(longest).optional(),
    from: day.optional(),
    to: day.optional(),
    by: z
      .string()
      .transform((text) => [...new Set(text.split(",").filter((name) => name !== ""))])
      .pipe(z.array(z.enum(spendDimensions)))
      .default(["day", "provider"]),
  })
  .superRefine(({ days, from, to }, context) => {
    if (days !== undefined && from !== undefined) {
      context.addIssue({ code: "custom", path: ["days"], message: "leave out either `days` or `from`." });
    }
    // Days that are no days have been told already.
    if ([from, to].some((one) => one !== undefined && Number.isNaN(Date.parse(one)))) return;
    const { from: first, to: last } = span({ from, to });
    if (first > last) {
      context.addIssue({ code: "custom", path: ["from"], message: `must not be after the last day, ${last}.` });
    } else if (Date.parse(last) - Date.parse(first) >= longest * dayMs) {
      context.addIssue({ code: "custom", path: ["from"], message: `must be within ${longest} days before the last.` });
    }
  });

/** First and last day that are asked for. */
function span({ days = 7, from, to = today() }: { days?: number; from?: string; to?: string }) {
  return { from: from ?? new Date(Date.parse(to) - (days - 1) * dayMs).toISOString().slice(0, 10), to };
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

/** `GET /v1/costs`: what all calls have used, summed by the dimensions that were asked for. */
export const costs: Route = {
  method: "GET",
  url: "/v1/costs",
  chapter: "costs",
  scope: "read",
  summary:
    "What all calls have used (?days=7 or ?from, ?to; ?by=day,provider,model,key,workflow,tenant). An admin of the default tenant sees those of all tenants.",
  reads: { query: querySchema },
  answers: { 200: { text: "Sums over calls.", schema: costsSchema } },
  handler:
    ({ router }) =>
    async (request): Promise<Costs> => {
      const query = checked(querySchema, request.query, "query");
      const { from, to } = span(query);
      const { principal } = request;
      const all = await router.spend(from, to);
      const rows = isFleetAdmin(principal) ? all : all.filter(({ tenant }) => tenant === principal.tenant);
      const total = rows.reduce((sum, row) => addUse(sum, row.use), noUse);
      return { from, to, groups: groupSpend(rows, query.by), total };
    },
};

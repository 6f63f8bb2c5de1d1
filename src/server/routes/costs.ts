import { z } from "zod";
import { addUse, type Costs, groupSpend, noUse, spendDimensions } from "../../core/spend.ts";
import { checked } from "../checked.ts";
import type { Route } from "../route.ts";

const dayMs = 86_400_000;
const day = z.iso.date();
const querySchema = z.strictObject({
  days: z.coerce.number().int().min(1).max(400).default(7),
  from: day.optional(),
  to: day.optional(),
  by: z
    .string()
    .transform((text) => text.split(",").filter((name) => name !== ""))
    .pipe(z.array(z.enum(spendDimensions)))
    .default(["day", "provider"]),
});

/** `GET /v1/costs`: what all calls have used, summed by the dimensions that were asked for. */
export const costs: Route = {
  method: "GET",
  url: "/v1/costs",
  summary: "What all calls have used (?days=7 or ?from, ?to; ?by=day,provider,model,key,workflow).",
  handler:
    ({ router }) =>
    async (request): Promise<Costs> => {
      const { days, by, from: first, to: last } = checked(querySchema, request.query, "query");
      const to = last ?? new Date().toISOString().slice(0, 10);
      const from = first ?? new Date(Date.parse(to) - (days - 1) * dayMs).toISOString().slice(0, 10);
      const rows = await router.spend(from, to);
      const total = rows.reduce((sum, row) => addUse(sum, row.use), noUse);
      return { from, to, groups: groupSpend(rows, by), total };
    },
};

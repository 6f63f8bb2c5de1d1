import { z } from "zod";
import { type Costs, spendDimensions } from "../../core/spend.ts";
import { usd } from "./json-values.ts";

const use = z
  .strictObject({
    calls: z.number(),
    failed: z.number(),
    inputTokens: z.number(),
    outputTokens: z.number(),
    cachedInputTokens: z.number(),
    reasoningTokens: z.number(),
    costUsd: usd,
    unpriced: z.number().describe("Answered calls without a known price."),
  })
  .meta({ id: "Use", description: "Sums over calls." });

/** What calls have used. */
export const costsSchema = z
  .strictObject({
    from: z.string(),
    to: z.string(),
    groups: z.array(z.strictObject({ of: z.partialRecord(z.enum(spendDimensions), z.string().nullable()), use })),
    total: use,
  })
  .meta({ id: "Costs" }) satisfies z.ZodType<Costs>;

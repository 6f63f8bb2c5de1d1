import { z } from "zod";
import { type CallRecord, type Decision, failureClasses, type Served, type Usage } from "../../core/call.ts";
import { hintsSchema } from "../hints.ts";
import { moment, objectAnswer, usd } from "./json-values.ts";

const count = z.number().nullable();

const usage = z
  .strictObject({
    inputTokens: count,
    outputTokens: count,
    cachedInputTokens: count,
    reasoningTokens: count,
  })
  .meta({
    id: "Usage",
    description: "Tokens as the provider counted; null: it did not say.",
  }) satisfies z.ZodType<Usage>;

/** Who answered. */
export const served = z
  .strictObject({
    provider: z.string(),
    modelAsked: z.string().nullable(),
    modelServed: z.string(),
    usage,
    costUsd: usd,
  })
  .meta({ id: "Served", description: "Who answered." }) satisfies z.ZodType<Served>;

/** One HTTP request to one provider. */
export const callRecord = z
  .strictObject({
    provider: z.string(),
    model: z.string(),
    key: z.string().optional().describe("Label of the key, never the key."),
    ok: z.boolean(),
    failure: z
      .strictObject({ class: z.enum(failureClasses), status: z.number().nullable(), message: z.string() })
      .optional(),
    startedAt: moment,
    durationMs: z.number(),
    usage: usage.optional(),
    costUsd: usd,
    estimated: z.boolean().optional(),
    price: z
      .strictObject({
        inputPerMillion: z.number(),
        outputPerMillion: z.number(),
        source: z.enum(["settings", "table"]),
      })
      .optional(),
    role: z.literal("hedge").optional(),
    warnings: z.array(z.string()).optional(),
  })
  .meta({ id: "Call", description: "One HTTP request to one provider." }) satisfies z.ZodType<CallRecord>;

/** How a target stands for a decision. */
export const candidateState = z.enum(["closed", "half_open", "open", "out", "ramping"]);

/** What the router chose, and why. */
export const decision = z
  .strictObject({
    strategy: z.string(),
    hints: hintsSchema,
    candidates: z.array(
      z.strictObject({
        provider: z.string(),
        model: z.string(),
        state: candidateState,
        excluded: z.string().optional().describe("Why it was set aside."),
      }),
    ),
    reason: z.string(),
    inputs: objectAnswer,
    routingVersion: z.int(),
    degraded: z.boolean().optional(),
  })
  .meta({
    id: "Decision",
    description: "What the router chose, from which candidates, and why.",
  }) satisfies z.ZodType<Decision>;

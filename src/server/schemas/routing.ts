import { z } from "zod";
import type {
  ExplainedCandidate,
  Explanation,
  RoutingChange,
  RoutingReport,
  RoutingTarget,
  RoutingVersion,
  ShadowSummary,
} from "../../core/routing.ts";
import { candidateState, decision } from "./call.ts";
import { jsonAnswer, moment, usd } from "./json-values.ts";

/** One version of the routing that was set at run time. */
export const routingVersion = z
  .strictObject({
    version: z.int().describe("0: nothing was ever set at run time."),
    overrides: z.record(z.string(), jsonAnswer).describe("Only what is set at run time."),
    at: moment.nullable(),
    author: z.string().nullable(),
    note: z.string().nullable(),
  })
  .meta({ id: "RoutingVersion" }) satisfies z.ZodType<RoutingVersion>;

/** The answer to a change. */
export const routingChange = z
  .strictObject({ ...routingVersion.shape, changed: z.boolean(), warnings: z.array(z.string()) })
  .meta({ id: "RoutingChange" }) satisfies z.ZodType<RoutingChange>;

const origin = z.discriminatedUnion("from", [
  z.strictObject({ from: z.enum(["run time", "default"]) }),
  z.strictObject({ from: z.literal("variable"), variable: z.string() }),
  z.strictObject({ from: z.literal("file"), file: z.string(), line: z.number().nullable() }),
]);

const standing = {
  provider: z.string(),
  model: z.string(),
  state: candidateState,
  share: z.number().describe("Share of its calls that it should get: 1, less while ramping up."),
  reason: z.string().nullable().describe("Why it is given no calls."),
  breaker: z.strictObject({
    state: z.enum(["closed", "open", "half_open"]),
    until: moment,
    failed: z.number(),
    answered: z.number(),
  }),
  limitedUntil: moment,
  latencyMs: z.number().nullable(),
  busy: z.number().describe("Calls under way in the fleet."),
  limits: z.array(
    z.strictObject({
      name: z.string(),
      limit: z.enum(["requestsPerMinute", "tokensPerMinute", "concurrency", "usdPerDay"]),
      used: z.number(),
      allowed: z.number(),
    }),
  ),
};

/** A provider with its own model, and how it stands. */
export const routingTarget = z
  .strictObject({ ...standing, enabled: z.boolean(), drained: z.boolean() })
  .meta({ id: "Target", description: "How a target stands." }) satisfies z.ZodType<RoutingTarget>;

/** The routing in force. */
export const routingReport = z
  .strictObject({
    ...routingVersion.shape,
    settings: z.record(z.string(), z.strictObject({ value: jsonAnswer, origin: origin.nullable() })),
    targets: z.array(routingTarget),
    degraded: z.boolean(),
  })
  .meta({ id: "Routing" }) satisfies z.ZodType<RoutingReport>;

const explainedCandidate = z
  .strictObject({
    ...standing,
    place: z.number().nullable(),
    costUsd: usd,
    score: z.number().nullable(),
  })
  .meta({ id: "Candidate" }) satisfies z.ZodType<ExplainedCandidate>;

/** How a request would be routed. */
export const explanationSchema = z
  .strictObject({
    decision,
    candidates: z.array(explainedCandidate),
    routingVersion: z.int(),
    degraded: z.boolean(),
  })
  .meta({ id: "Explanation" }) satisfies z.ZodType<Explanation>;

const sideBySide = z.strictObject({ shadow: z.number(), answered: z.number() });

/** What mirrored requests have shown. */
export const shadowSummary = z
  .strictObject({
    shadow: z.string(),
    answered: z.string(),
    requests: z.number(),
    failed: z.number(),
    durationMs: sideBySide.nullable(),
    costUsd: z.strictObject({ shadow: usd, answered: usd }).nullable(),
    length: sideBySide.nullable(),
  })
  .meta({ id: "Shadow" }) satisfies z.ZodType<ShadowSummary>;

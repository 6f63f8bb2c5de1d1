import { z } from "zod";
import type { Begun, Delivered, SetTrigger, Trigger } from "../../core/trigger.ts";
import { errorRecord } from "./errors.ts";
import { jsonAnswer, moment } from "./json-values.ts";

/** What a signed request from outside begins; its secret masked. */
export const triggerSchema = z
  .strictObject({
    id: z.string(),
    on: z.string().nullable(),
    workflow: z.string().nullable(),
    version: z.int().nullable(),
    signal: z.strictObject({ run: z.string(), name: z.string() }).nullable(),
    input: jsonAnswer,
    signature: z.strictObject({
      style: z.enum(["github", "stripe"]),
      header: z.string(),
      algorithm: z.literal("sha256"),
      encoding: z.enum(["hex", "base64"]),
      prefix: z.string(),
      timestamp: z.string().nullable(),
      signed: z.string(),
      toleranceMs: z.number(),
    }),
    idempotency: z
      .union([z.strictObject({ header: z.string() }), z.strictObject({ expression: z.string() })])
      .nullable(),
    secret: z.string().describe("Masked: only its last characters."),
    by: z.string(),
    createdAt: moment,
  })
  .meta({ id: "Trigger" }) satisfies z.ZodType<Trigger>;

/** A trigger that was just set. */
export const setTriggerSchema = z
  .strictObject({
    ...triggerSchema.shape,
    generatedSecret: z.string().optional().describe("The secret, where it was made now. Shown this once."),
  })
  .meta({ id: "SetTrigger" }) satisfies z.ZodType<SetTrigger>;

/** What came of a delivery. */
export const deliveredSchema = z
  .strictObject({ run: z.string(), created: z.boolean() })
  .meta({ id: "Delivered" }) satisfies z.ZodType<Delivered>;

/** What came of a signal for nobody's run, for one trigger. */
export const begunSchema = z
  .union([
    z.strictObject({ trigger: z.string(), run: z.string(), created: z.boolean() }),
    z.strictObject({ trigger: z.string(), error: errorRecord }),
  ])
  .meta({ id: "Begun" }) satisfies z.ZodType<Begun>;

import { z } from "zod";
import type { Attempt } from "../../core/attempts.ts";
import { callRecord, decision, served } from "./call.ts";
import { errorRecord } from "./errors.ts";
import { moment } from "./json-values.ts";

/** One try of a step by a worker. */
export const attemptSchema = z
  .strictObject({
    attempt: z.int(),
    status: z.enum(["running", "succeeded", "failed", "retrying", "waiting", "cancelled"]),
    worker: z.string(),
    startedAt: moment,
    finishedAt: moment.nullable(),
    calls: z.array(callRecord),
    decision: decision.nullable().describe("What the router chose, and why."),
    served: served.nullable(),
    error: errorRecord.nullable(),
  })
  .meta({ id: "Attempt", description: "One try of a step by a worker." }) satisfies z.ZodType<Attempt>;

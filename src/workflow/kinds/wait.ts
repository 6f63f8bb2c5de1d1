import { z } from "zod";
import { parseDuration } from "../../core/duration.ts";
import type { JsonObject } from "../../core/json.ts";
import { authorSchema } from "../shape.ts";
import type { StepKindSpec } from "./kind.ts";

const schema = z
  .strictObject({
    for: z.string().min(1).optional().describe("A duration, such as 10m; or a Liquid template that gives one."),
    until: z.string().min(1).optional().describe("A date, such as 2026-12-01T09:00:00Z; or a template that gives one."),
    signal: z.string().min(1).max(100).optional().describe("Name of a signal that is sent to the run."),
    schema: authorSchema.optional().describe("JSON Schema of the signal's payload."),
    timeout: z.string().min(1).optional().describe("Time after which the signal is not waited for any more."),
    on_timeout: z
      .enum(["fail", "continue"])
      .optional()
      .describe("What follows then: the step fails, or goes on with null."),
  })
  .describe("Waits for a time, until a date, or for a signal.")
  .meta({ oneOf: [{ required: ["for"] }, { required: ["until"] }, { required: ["signal"] }] });

/** What an author writes under `wait`. Exactly one of `for`, `until` and `signal` is set. */
export type WaitBody = z.infer<typeof schema> & JsonObject;

const durations = ["for", "timeout"] as const;

/** Waits: for a time, until a moment, or for a signal. No worker waits with it. Its output is the signal's payload, else null. */
export const waitKind: StepKindSpec<WaitBody> = {
  name: "wait",
  queue: "io",
  schema: schema as z.ZodType<WaitBody>,

  *check(body) {
    const [first, ...more] = (["for", "until", "signal"] as const).filter((key) => body[key] !== undefined);
    if (!first)
      yield { path: [], message: "needs what to wait for: for (a duration), until (a date), or signal (a name)." };
    for (const key of more) yield { path: [key], message: `stands beside ${first}; keep one of the two.` };
    for (const key of durations) {
      const text = body[key];
      if (text === undefined || text.includes("{{") || parseDuration(text) !== undefined) continue;
      yield { path: [key], message: "must be a duration: a number and ms, s, m, h or d, such as 30s." };
    }
    if (body.until !== undefined && !body.until.includes("{{") && Number.isNaN(Date.parse(body.until))) {
      yield { path: ["until"], message: "must be a date, such as 2026-12-01T09:00:00Z." };
    }
    for (const key of ["schema", "timeout", "on_timeout"] as const) {
      if (body[key] !== undefined && body.signal === undefined) yield { path: [key], message: "belongs to signal." };
    }
    if (body.on_timeout !== undefined && body.timeout === undefined) {
      yield { path: ["on_timeout"], message: "needs a timeout." };
    }
  },

  *templates(body) {
    for (const key of ["for", "until", "signal", "timeout"] as const) {
      const text = body[key];
      if (text !== undefined) yield { path: [key], text, result: "text" };
    }
  },

  *schemas(body) {
    if (body.schema !== undefined) yield { path: ["schema"], schema: body.schema };
  },

  outputSchema: (body) => (body.signal === undefined ? undefined : body.schema),
};

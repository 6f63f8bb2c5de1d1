import { z } from "zod";
import { checked } from "../checked.ts";
import type { Route } from "../route.ts";
import { runStatuses, runSummary } from "../schemas/run.ts";

/** Epoch milliseconds, or a date or time of ISO 8601. */
const time = z
  .union(
    [
      z
        .string()
        .regex(/^\d{1,15}$/)
        .transform(Number),
      z.iso.datetime({ offset: true }).transform(Date.parse),
      z.iso.date().transform(Date.parse),
    ],
    {
      error: "must be epoch milliseconds, or a time such as 2026-11-22T20:00:00Z.",
    },
  )
  .meta({ description: "Epoch milliseconds, or a date or time of ISO 8601." });

const querySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).optional().describe("Default: 50."),
  before: z.string().min(1).max(300).optional().describe("`next` of the page before, or the id of a run."),
  status: z
    .string()
    .transform((text) => [...new Set(text.split(",").filter((status) => status !== ""))])
    .pipe(z.array(z.enum(runStatuses)).min(1))
    .optional()
    .describe(`Only runs of these statuses, with commas: ${runStatuses.join(", ")}.`),
  workflow: z.string().min(1).max(300).optional(),
  version: z.coerce.number().int().min(1).optional(),
  created_after: time.optional(),
  created_before: time.optional(),
  parent: z.string().min(1).max(300).optional().describe("Only the runs that steps of this one have started."),
  all: z.stringbool().optional().describe("Runs too that steps of others have started."),
});

/** `GET /v1/runs`: runs, newest first, those that steps have started only where `parent` or `all` asks for them; `next` is the `before` of the next page, null on the last. */
export const listRuns: Route = {
  method: "GET",
  url: "/v1/runs",
  chapter: "runs",
  scope: "read",
  summary:
    "List runs, newest first (?limit, ?before, ?status, ?workflow, ?version, ?created_after, ?created_before; ?parent=ID: the runs that its steps have started; ?all=true: these too).",
  reads: { query: querySchema },
  answers: {
    200: {
      text: "A page of runs.",
      schema: z.strictObject({
        runs: z.array(runSummary),
        next: z.string().nullable().describe("`before` of the next page; null on the last."),
      }),
    },
  },
  handler:
    ({ engineOf }) =>
    async (request) => {
      const query = checked(querySchema, request.query, "query");
      const { status: statuses, created_after: createdAfter, created_before: createdBefore, ...others } = query;
      return engineOf(request).list({ ...others, statuses, createdAfter, createdBefore });
    },
};

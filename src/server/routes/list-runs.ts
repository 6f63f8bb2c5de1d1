import { z } from "zod";
import { checked } from "../checked.ts";
import type { Route } from "../route.ts";
import { runStatuses, runSummary } from "../schemas/run.ts";

const querySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).optional(),
  before: z.string().min(1).optional(),
  status: z.enum(runStatuses).optional(),
  workflow: z.string().min(1).optional(),
  parent: z.string().min(1).optional(),
  all: z.stringbool().optional(),
});

/** `GET /v1/runs`: runs, newest first, those that steps have started only where `parent` or `all` asks for them; `next` is the `before` of the next page, null on the last. */
export const listRuns: Route = {
  method: "GET",
  url: "/v1/runs",
  chapter: "runs",
  scope: "read",
  summary:
    "List runs, newest first (?limit, ?before, ?status, ?workflow; ?parent=ID: the runs that its steps have started; ?all=true: these too).",
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
    async (request) =>
      engineOf(request).list(checked(querySchema, request.query, "query")),
};

import { z } from "zod";
import type { RunStatus } from "../../core/run.ts";
import { checked } from "../checked.ts";
import type { Route } from "../route.ts";

const statuses = [
  "queued",
  "running",
  "waiting",
  "paused",
  "succeeded",
  "failed",
  "cancelled",
] as const satisfies readonly RunStatus[];

const querySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).optional(),
  before: z.string().min(1).optional(),
  status: z.enum(statuses).optional(),
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
  handler:
    ({ engineOf }) =>
    async (request) =>
      engineOf(request).list(checked(querySchema, request.query, "query")),
};

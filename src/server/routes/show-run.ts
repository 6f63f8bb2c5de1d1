import { z } from "zod";
import { checked } from "../checked.ts";
import type { Route } from "../route.ts";
import { runSchema } from "../schemas/run.ts";

const querySchema = z.strictObject({ outputs: z.stringbool().optional(), children: z.stringbool().optional() });
const paramsSchema = z.object({ id: z.string() });

/** `GET /v1/runs/:id`: a run with its steps; `?outputs=true` adds each step's output, `?children=true` the runs that they have started. */
export const showRun: Route = {
  method: "GET",
  url: "/v1/runs/:id",
  chapter: "runs",
  scope: "read",
  summary:
    "Show a run with its steps (?outputs=true: with each step's output; ?children=true: with the runs that they have started).",
  reads: { params: paramsSchema, query: querySchema },
  answers: { 200: { text: "The run.", schema: runSchema } },
  handler:
    ({ engineOf }) =>
    async (request) => {
      const { id } = checked(paramsSchema, request.params, "path");
      return engineOf(request).get(id, checked(querySchema, request.query, "query"));
    },
};

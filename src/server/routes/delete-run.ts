import { z } from "zod";
import { authorHeaders, changeBy } from "../change-by.ts";
import { checked } from "../checked.ts";
import type { Route } from "../route.ts";

const paramsSchema = z.object({ id: z.string() });

/** `DELETE /v1/runs/:id`: forgets a run that has ended, with the runs that its steps have started. */
export const deleteRun: Route = {
  method: "DELETE",
  url: "/v1/runs/:id",
  chapter: "runs",
  scope: "operate",
  summary: "Delete a run that has ended: its outputs, its history, the runs that its steps have started.",
  reads: { params: paramsSchema, headers: authorHeaders },
  answers: { 204: { text: "It is gone." } },
  handler:
    ({ engineOf }) =>
    async (request, reply) => {
      const { id } = checked(paramsSchema, request.params, "path");
      changeBy(request);
      await engineOf(request).remove(id);
      return reply.code(204).send();
    },
};

import type { IncomingHttpHeaders } from "node:http";
import { checked } from "../checked.ts";
import { hookTypes } from "../media-types.ts";
import type { Route } from "../route.ts";
import { deliveredSchema } from "../schemas/trigger.ts";
import { triggerParams } from "./triggers.ts";

/** `POST /v1/hooks/:id`: a delivery to a trigger. 202 with the run; the same delivery again gives the same run. */
export const receiveHook: Route = {
  method: "POST",
  url: "/v1/hooks/:id",
  chapter: "triggers",
  scope: "none",
  summary: "Deliver a signed request to a trigger; answers with the run. The same delivery twice is one run.",
  takes: hookTypes,
  raw: true,
  reads: { params: triggerParams },
  answers: { 202: { text: "The run that began, or that got the signal.", schema: deliveredSchema } },
  handler:
    ({ engine }) =>
    async (request, reply) => {
      const { id } = checked(triggerParams, request.params, "path");
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const delivered = await engine.triggers.deliver(id, { headers: joined(request.headers), body });
      return reply.code(202).header("location", `/v1/runs/${delivered.run}`).send(delivered);
    },
};

function joined(headers: IncomingHttpHeaders): Record<string, string> {
  const present = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return Object.fromEntries(
    present.map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value] as const),
  );
}

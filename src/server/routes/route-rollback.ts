import { z } from "zod";
import { changeAnswer, changeBy, changeHeaders } from "../change-by.ts";
import { checked } from "../checked.ts";
import { jsonTypes } from "../media-types.ts";
import type { Route } from "../route.ts";
import { routingChange } from "../schemas/routing.ts";

const bodySchema = z.strictObject({ version: z.int().min(0) });

/** `POST /v1/routing/rollback`: makes a new version that equals an old one. Version 0: nothing set at run time. */
export const routeRollback: Route = {
  method: "POST",
  url: "/v1/routing/rollback",
  chapter: "routing",
  scope: "admin",
  idempotency: "answer",
  fleet: true,
  summary: "Make a new version of the routing that equals an old one ({version}; 0: nothing set at run time).",
  takes: jsonTypes,
  reads: { headers: changeHeaders, body: bodySchema },
  answers: { 200: { text: "The version that is current now.", schema: routingChange } },
  handler:
    ({ routing }) =>
    async (request, reply) => {
      const { version } = checked(bodySchema, request.body, "body");
      return changeAnswer(reply, await routing.rollback(version, changeBy(request)));
    },
};

import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { isJsonObject } from "../../core/json.ts";
import { changeAnswer, changeBy, changeHeaders } from "../change-by.ts";
import { jsonTypes } from "../media-types.ts";
import type { Route } from "../route.ts";
import { routingChange } from "../schemas/routing.ts";

const bodySchema = z
  .record(z.string(), z.unknown())
  .describe("Keys of `routing:` of the settings; null takes one back.")
  .meta({ examples: [{ strategy: "failover" }] });

/** `PATCH /v1/routing`: sets keys of `routing:` for the whole fleet; null takes one back. With If-Match only if that is the current version. */
export const routeChange: Route = {
  method: "PATCH",
  url: "/v1/routing",
  chapter: "routing",
  scope: "admin",
  fleet: true,
  summary: "Change the routing of the whole fleet (keys of `routing:`; null takes one back). If-Match: VERSION.",
  takes: jsonTypes,
  reads: { headers: changeHeaders, body: bodySchema },
  answers: { 200: { text: "The version that is current now.", schema: routingChange } },
  handler:
    ({ routing }) =>
    async (request, reply) => {
      const by = changeBy(request);
      if (isJsonObject(request.body)) return changeAnswer(reply, await routing.change(request.body, by));
      throw new AppError("bad_request", {
        message:
          'The request\'s body must be a JSON object with keys of `routing:`, such as {"strategy": "failover"}; null takes a key back.',
      });
    },
};

import { z } from "zod";
import { checked } from "../checked.ts";
import type { Route } from "../route.ts";
import { routingVersion } from "../schemas/routing.ts";

const querySchema = z.strictObject({ limit: z.coerce.number().int().min(1).max(200).optional() });

/** `GET /v1/routing/history`: the versions of the routing, newest first. */
export const routeHistory: Route = {
  method: "GET",
  url: "/v1/routing/history",
  chapter: "routing",
  scope: "read",
  fleet: true,
  summary: "The versions of the routing, newest first: who changed what, and when (?limit).",
  reads: { query: querySchema },
  answers: {
    200: { text: "Versions, newest first.", schema: z.strictObject({ versions: z.array(routingVersion) }) },
  },
  handler:
    ({ routing }) =>
    async (request) => {
      const { limit } = checked(querySchema, request.query, "query");
      return { versions: await routing.history(limit) };
    },
};

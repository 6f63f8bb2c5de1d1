import type { Route } from "../route.ts";
import { routingReport } from "../schemas/routing.ts";

/** `GET /v1/routing`: what is in force, where each value comes from, and how the targets stand. Its ETag is the version. */
export const routeShow: Route = {
  method: "GET",
  url: "/v1/routing",
  chapter: "routing",
  scope: "read",
  summary: "The routing in force, where each value comes from, and the health of each target.",
  answers: { 200: { text: "The routing; its ETag is the version.", schema: routingReport } },
  handler:
    ({ routing }) =>
    async (_request, reply) => {
      const report = await routing.show();
      reply.header("cache-control", "no-store").header("etag", `"${report.version}"`);
      return report;
    },
};

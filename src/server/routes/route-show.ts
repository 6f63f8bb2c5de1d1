import type { RoutingReport } from "../../core/routing.ts";
import { defaultTenant } from "../../core/tenant.ts";
import type { Route } from "../route.ts";
import { routingReport } from "../schemas/routing.ts";

/** `GET /v1/routing`: what is in force, where each value comes from, and how the targets stand. Its ETag is the version. */
export const routeShow: Route = {
  method: "GET",
  url: "/v1/routing",
  chapter: "routing",
  scope: "read",
  summary:
    "The routing in force, where each value comes from, and the health of each target. Budgets, and who changed it how, are the default tenant's to see.",
  answers: { 200: { text: "The routing; its ETag is the version.", schema: routingReport } },
  handler:
    ({ routing }) =>
    async ({ principal }, reply) => {
      const report = await routing.show();
      reply.header("cache-control", "no-store").header("etag", `"${report.version}"`);
      return principal.tenant === defaultTenant ? report : withoutOthers(report);
    },
};

/** Budgets name tenants and what they may spend, and notes tell of them. */
function withoutOthers({ overrides, settings, ...report }: RoutingReport): RoutingReport {
  const isShown = ([key]: readonly [string, unknown]) => key !== "budgets" && !key.startsWith("budgets.");
  return {
    ...report,
    author: null,
    note: null,
    overrides: Object.fromEntries(Object.entries(overrides).filter(isShown)),
    settings: Object.fromEntries(Object.entries(settings).filter(isShown)),
  };
}

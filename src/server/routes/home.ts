import type { Route } from "../route.ts";
import { homeSchema } from "../schemas/health.ts";

/** `GET /`: what this server answers, and where to look. @param routes every other route. */
export function home(routes: readonly Route[]): Route {
  return {
    method: "GET",
    url: "/",
    chapter: "server",
    scope: "none",
    summary: "What this server answers.",
    answers: { 200: { text: "Every route in a sentence.", schema: homeSchema } },
    handler:
      ({ version }) =>
      async () => ({
        name: "switchyard",
        version,
        look: { docs: "/docs", openapi: "/openapi.json", queues: "/queues", health: "/health", runs: "/v1/runs" },
        routes: routes.map(({ method, url, summary }) => ({ method, url, summary })),
      }),
  };
}

import { z } from "zod";
import type { Route } from "../route.ts";
import { shadowSummary } from "../schemas/routing.ts";

/** `GET /v1/routing/shadows`: what mirrored requests have shown, one line for each pair of targets. */
export const routeShadows: Route = {
  method: "GET",
  url: "/v1/routing/shadows",
  chapter: "routing",
  scope: "read",
  fleet: true,
  summary: "What mirrored requests have shown: durations, costs and lengths beside those of the answers.",
  answers: {
    200: { text: "A line for each pair of targets.", schema: z.strictObject({ shadows: z.array(shadowSummary) }) },
  },
  handler:
    ({ router }) =>
    async () => ({ shadows: await router.shadows() }),
};

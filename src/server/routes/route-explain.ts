import { z } from "zod";
import { checked } from "../checked.ts";
import { hintsSchema } from "../hints.ts";
import { jsonTypes } from "../media-types.ts";
import type { Route } from "../route.ts";
import { explanationSchema } from "../schemas/routing.ts";

const bodySchema = z.strictObject({
  hints: hintsSchema.optional(),
  tokens: z.int().min(0).optional(),
  max_tokens: z.int().min(1).optional(),
});

/** `POST /v1/routing/explain`: how a request would be routed now, and why. No call is made, no turn is taken. */
export const routeExplain: Route = {
  method: "POST",
  url: "/v1/routing/explain",
  chapter: "routing",
  scope: "read",
  changes: "nothing",
  summary: "How a request would be routed now, and why ({hints, tokens, max_tokens}); makes no call.",
  takes: jsonTypes,
  reads: { body: bodySchema },
  answers: { 200: { text: "How it would be routed.", schema: explanationSchema } },
  handler:
    ({ routing }) =>
    async (request) => {
      const { hints = {}, tokens, max_tokens: maxTokens } = checked(bodySchema, request.body, "body");
      return routing.explain({ hints, inputTokens: tokens, maxTokens });
    },
};

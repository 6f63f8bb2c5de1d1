import { z } from "zod";
import { checked } from "../checked.ts";
import type { Route } from "../route.ts";
import { approvalSchema } from "../schemas/approval.ts";

const querySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100).describe("Default: 100."),
});

/** `GET /v1/approvals`: what waits for a person's word, over all runs of the tenant, the oldest first. */
export const listApprovals: Route = {
  method: "GET",
  url: "/v1/approvals",
  chapter: "approvals",
  scope: "read",
  summary: "What waits for a person's word over all runs, the oldest first: message, who is asked, form, deadline.",
  reads: { query: querySchema },
  answers: {
    200: { text: "Steps that wait.", schema: z.strictObject({ approvals: z.array(approvalSchema) }) },
  },
  handler:
    ({ engineOf }) =>
    async (request) => {
      const { limit } = checked(querySchema, request.query, "query");
      return { approvals: await engineOf(request).approvals({ tenant: request.principal.tenant, limit }) };
    },
};

import { z } from "zod";
import { isFleetAdmin } from "../admission.ts";
import { checked } from "../checked.ts";
import type { Route } from "../route.ts";
import { auditEntry } from "../schemas/access.ts";

const querySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  before: z
    .string()
    .regex(/^\d{1,16}-\d{1,10}$/, { error: "must be the id of an entry." })
    .optional(),
});

/** `GET /v1/audit`: who changed what, the newest first. */
export const audit: Route = {
  method: "GET",
  url: "/v1/audit",
  chapter: "access",
  scope: "admin",
  summary:
    "Who changed what over HTTP, the newest first (?limit=100, ?before=ID). All tenants, for an admin of the default tenant.",
  reads: { query: querySchema },
  answers: {
    200: {
      text: "Entries; `next` is the `before` of the next page.",
      schema: z.strictObject({ entries: z.array(auditEntry), next: z.string().nullable() }),
    },
  },
  handler:
    ({ access }) =>
    async (request) => {
      const { principal } = request;
      const query = checked(querySchema, request.query, "query");
      return access.audit.read({ ...query, tenant: isFleetAdmin(principal) ? undefined : principal.tenant });
    },
};

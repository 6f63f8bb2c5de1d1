import { Readable } from "node:stream";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { AuditEntry } from "../../core/audit.ts";
import { isFleetAdmin } from "../admission.ts";
import { checked } from "../checked.ts";
import { linesTypes } from "../media-types.ts";
import type { Route } from "../route.ts";
import { auditEntry } from "../schemas/access.ts";

const [linesType = ""] = linesTypes;
const querySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100).describe("Entries of a page. Lines are not paged."),
  before: z
    .string()
    .regex(/^\d{1,16}-\d{1,10}b?$/, { error: "must be the id of an entry." })
    .optional(),
});

/** `GET /v1/audit`: who changed what, the newest first. */
export const audit: Route = {
  method: "GET",
  url: "/v1/audit",
  chapter: "access",
  scope: "admin",
  summary:
    "Who changed what, the newest first (?limit=100, ?before=ID; all of it as lines of JSON with `Accept: application/x-ndjson`). All tenants, for an admin of the default tenant.",
  reads: { query: querySchema },
  answers: {
    200: {
      text: "Entries; `next` is the `before` of the next page.",
      schema: z.strictObject({ entries: z.array(auditEntry), next: z.string().nullable() }),
      also: [linesType],
    },
  },
  handler:
    ({ access }) =>
    async (request, reply) => {
      const { limit, before } = checked(querySchema, request.query, "query");
      const query = { before, tenant: tenantOf(request) };
      if (!wantsLines(request)) return access.audit.read({ limit, ...query });
      return reply.type(linesType).send(Readable.from(linesOf(access.audit.entries(query))));
    },
};

/** Whose entries somebody sees; undefined: everybody's. */
function tenantOf({ principal }: FastifyRequest): string | undefined {
  return isFleetAdmin(principal) ? undefined : principal.tenant;
}

function wantsLines({ headers }: FastifyRequest): boolean {
  return linesTypes.some((type) => headers.accept?.includes(type));
}

async function* linesOf(entries: AsyncIterable<AuditEntry>): AsyncGenerator<string> {
  for await (const entry of entries) yield `${JSON.stringify(entry)}\n`;
}

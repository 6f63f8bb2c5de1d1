import { z } from "zod";
import { type AccessKey, isTenant, type NewAccessKey, tenantForm } from "../../core/access-key.ts";
import type { AuditEntry } from "../../core/audit.ts";
import { parseDuration } from "../../core/duration.ts";
import { scopes } from "../../core/principal.ts";
import { moment } from "./json-values.ts";

/** A tenant's name. */
const tenantName = z.string().refine(isTenant, { error: `must be ${tenantForm}.` });

/** A key as it is listed. */
export const accessKey = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    tenant: z.string(),
    scopes: z.array(z.enum(scopes)),
    createdAt: moment,
    expiresAt: moment.nullable(),
    revokedAt: moment.nullable(),
    lastUsedAt: moment.nullable().describe("Exact to a minute."),
  })
  .meta({ id: "Key" }) satisfies z.ZodType<AccessKey>;

/** A key that was made a moment ago. */
export const newAccessKey = accessKey
  .extend({ key: z.string().describe("Told this once.") })
  .meta({ id: "NewKey" }) satisfies z.ZodType<NewAccessKey>;

/** A duration, as milliseconds. */
const duration = z
  .string()
  .refine((text) => (parseDuration(text) ?? 0) > 0, { error: "must be a duration, such as 90d." });

/** What a key is made for. */
export const keyRequest = z.strictObject({
  name: z.string().trim().min(1).max(100).describe("For lists, histories and the audit log."),
  tenant: tenantName.optional().describe("Default: that of who asks."),
  scopes: z.array(z.enum(scopes)).min(1).describe("Each holds those before it: read, submit, operate, admin."),
  expires: duration.optional().describe("Time from now. Default: never."),
});

/** How a key is rotated. */
export const rotation = z.strictObject({
  grace: duration.optional().describe("Time for which the secret before opens too. Default: none."),
});

/** One change. */
export const auditEntry = z
  .strictObject({
    id: z.string(),
    at: moment,
    tenant: z.string(),
    by: z.string(),
    keyId: z.string().nullable(),
    what: z.string(),
    path: z.string(),
    from: z.string(),
    status: z.int().nullable().describe("Null: no answer was written; nobody knows whether it was done."),
    error: z.string().optional(),
    made: z.string().optional().describe("Address of what was made."),
  })
  .meta({ id: "AuditEntry" }) satisfies z.ZodType<AuditEntry>;

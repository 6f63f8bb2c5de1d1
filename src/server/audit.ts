import type { FastifyInstance, FastifyRequest } from "fastify";
import type { AuditLog } from "../access/audit-log.ts";
import { accessOf, pathOf } from "./admission.ts";
import { toAppError } from "./problem.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Entry of the audit log that the request has; undefined: none. */
    auditId: string | undefined;
    /** Code of the error that it is answered with. */
    errorCode: string | undefined;
  }
}

/**
 * Writes every change into the audit log: who asks, before it is done, and what became of it. Without Redis nothing that is audited is done.
 * Added behind what admits requests: who was not admitted changes nothing, and is not written.
 */
export function auditChanges(server: FastifyInstance, log: AuditLog): void {
  server.decorateRequest("auditId");
  server.decorateRequest("errorCode");
  server.addHook("preHandler", async (request) => {
    if (!isAudited(request)) return;
    const { principal, method, ip: from } = request;
    const { tenant, name: by, keyId } = principal;
    const what = `${method} ${request.routeOptions.url ?? pathOf(request)}`;
    request.auditId = await log.begin({ tenant, by, keyId, what, path: pathOf(request), from });
  });
  server.addHook("onError", async (request, _reply, error) => {
    request.errorCode = toAppError(error).code;
  });
  server.addHook("onSend", async (request, reply) => {
    const { auditId, errorCode } = request;
    if (auditId === undefined) return;
    request.auditId = undefined;
    const result = { status: reply.statusCode, ...(errorCode === undefined ? {} : { error: errorCode }) };
    await log.end(auditId, result).catch((error: unknown) => {
      // The entry stands without it, and says that nobody knows.
      request.log.error({ err: error, audit: auditId, ...result }, "what became of a change could not be written");
    });
  });
}

function isAudited(request: FastifyRequest): boolean {
  if (["GET", "HEAD", "OPTIONS"].includes(request.method)) return false;
  const { scope, audited } = accessOf(request);
  return audited ?? (scope === "operate" || scope === "admin");
}

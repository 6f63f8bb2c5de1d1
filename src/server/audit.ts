import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { AuditAsked, AuditLog, AuditPart, AuditResult } from "../access/audit-log.ts";
import { accessOf, type Changes, pathOf } from "./admission.ts";
import { askerOf } from "./change-by.ts";
import { toAppError } from "./problem.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Entry of the audit log that the request has; undefined: none. */
    auditId: string | undefined;
    /** Code of the error that it is answered with. */
    errorCode: string | undefined;
    /** Who changes something, where that is known only once the request was read: whose trigger it is, who logs in. */
    changedBy: Pick<AuditAsked, "tenant" | "by" | "keyId"> | undefined;
  }
}

/**
 * Writes every change into the audit log: who asks, before it is done, and what became of it. Without Redis nothing that is audited is done.
 * Added behind what admits requests: who was not admitted changes nothing, and is not written.
 */
export function auditChanges(server: FastifyInstance, log: AuditLog): void {
  server.decorateRequest("auditId");
  server.decorateRequest("errorCode");
  server.decorateRequest("changedBy");
  // Nearly all requests change nothing: they are not made to wait for a promise.
  server.addHook("preHandler", (request, _reply, done) => {
    if (changesOf(request) !== "something") return done();
    log.begin(askedOf(request), partOf(request)).then((id) => {
      request.auditId = id;
      done();
    }, done);
  });
  server.addHook("onError", async (request, _reply, error) => {
    request.errorCode = toAppError(error).code;
  });
  server.addHook("onSend", (request, reply, payload, done) => {
    const isOver = request.auditId === undefined && changesOf(request) === "nothing";
    if (isOver) return done(null, payload);
    end(request, reply, log)
      // An entry that was begun stands without it, and says that nobody knows.
      .catch((error) =>
        request.log.error({ err: error, url: pathOf(request) }, "what became of a change could not be written"),
      )
      .finally(() => done(null, payload));
  });
}

async function end(request: FastifyRequest, reply: FastifyReply, log: AuditLog): Promise<void> {
  const { auditId } = request;
  request.auditId = undefined;
  if (auditId !== undefined) return log.end(auditId, resultOf(request, reply));
  const changes = changesOf(request);
  if (changes === "answered" || (changes === "if_accepted" && reply.statusCode < 400))
    await log.note(askedOf(request), resultOf(request, reply), partOf(request));
}

function askedOf(request: FastifyRequest): AuditAsked {
  const { principal, method, ip: from } = request;
  const { tenant, keyId } = principal;
  const what = `${method} ${request.routeOptions.url ?? pathOf(request)}`;
  return { tenant, by: askerOf(request), keyId, ...request.changedBy, what, path: pathOf(request), from };
}

function resultOf({ errorCode }: FastifyRequest, reply: FastifyReply): AuditResult {
  const { statusCode: status } = reply;
  const made = reply.getHeader("location");
  const isMade = status < 300 && typeof made === "string";
  return { status, ...(errorCode === undefined ? {} : { error: errorCode }), ...(isMade ? { made } : {}) };
}

function changesOf(request: FastifyRequest): Changes {
  if (["GET", "HEAD", "OPTIONS"].includes(request.method) || request.is404) return "nothing";
  const { changes = "something" } = accessOf(request);
  return typeof changes === "function" ? changes(request) : changes;
}

/** What needs `operate` or `admin` changes what is there. */
function partOf(request: FastifyRequest): AuditPart {
  const { scope } = accessOf(request);
  return scope === "operate" || scope === "admin" ? "changed" : "begun";
}

import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { parseDuration } from "../../core/duration.ts";
import { AppError } from "../../core/errors.ts";
import { isFleetAdmin } from "../admission.ts";
import { checked } from "../checked.ts";
import { jsonTypes } from "../media-types.ts";
import type { Route } from "../route.ts";
import { accessKey, keyRequest, newAccessKey, rotation } from "../schemas/access.ts";

const paramsSchema = z.object({ id: z.string() });

/** Whose keys somebody may see and change; undefined: everybody's. */
function reachOf({ principal }: FastifyRequest): string | undefined {
  return isFleetAdmin(principal) ? undefined : principal.tenant;
}

/** `GET /v1/keys`: keys without what they are made of. */
export const listKeys: Route = {
  method: "GET",
  url: "/v1/keys",
  chapter: "access",
  scope: "admin",
  summary: "The tenant's keys, revoked ones too; an admin of the default tenant sees those of all tenants.",
  answers: { 200: { text: "The keys, the newest first.", schema: z.strictObject({ keys: z.array(accessKey) }) } },
  handler:
    ({ access }) =>
    async (request) => ({ keys: await access.store.list(reachOf(request)) }),
};

/** `POST /v1/keys`: makes a key; its text is in this answer and in no other. */
export const createKey: Route = {
  method: "POST",
  url: "/v1/keys",
  chapter: "access",
  scope: "admin",
  idempotency: "sealed",
  summary: "Make a key: {name, scopes, tenant?, expires?}. It is told this once.",
  takes: jsonTypes,
  reads: { body: keyRequest },
  answers: { 201: { text: "The key.", schema: newAccessKey } },
  handler:
    ({ access }) =>
    async (request, reply) => {
      const { name, scopes, tenant = request.principal.tenant, expires } = checked(keyRequest, request.body, "body");
      const reach = reachOf(request);
      if (reach !== undefined && tenant !== reach)
        throw new AppError("forbidden", { message: `A key of tenant ${reach} makes keys of that tenant only.` });
      const expiresInMs = expires === undefined ? undefined : parseDuration(expires);
      const made = await access.store.create({ name, scopes, tenant, ...(expiresInMs ? { expiresInMs } : {}) });
      return reply.code(201).header("location", `/v1/keys/${made.id}`).header("cache-control", "no-store").send(made);
    },
};

/** `DELETE /v1/keys/:id`: takes a key back. */
export const revokeKey: Route = {
  method: "DELETE",
  url: "/v1/keys/:id",
  chapter: "access",
  scope: "admin",
  summary: "Revoke a key, for good.",
  reads: { params: paramsSchema },
  answers: { 200: { text: "The key.", schema: accessKey } },
  handler:
    ({ access }) =>
    async (request) =>
      access.store.revoke(checked(paramsSchema, request.params, "path").id, reachOf(request)),
};

/** `POST /v1/keys/:id/rotate`: another secret under the same id. */
export const rotateKey: Route = {
  method: "POST",
  url: "/v1/keys/:id/rotate",
  chapter: "access",
  scope: "admin",
  idempotency: "sealed",
  summary: "Give a key another secret: {grace?}, the time for which the one before opens too. It is told this once.",
  takes: jsonTypes,
  reads: { params: paramsSchema, body: rotation },
  answers: { 200: { text: "The key.", schema: newAccessKey } },
  handler:
    ({ access }) =>
    async (request, reply) => {
      const { id } = checked(paramsSchema, request.params, "path");
      const { grace } = checked(rotation, request.body, "body");
      const graceMs = grace === undefined ? 0 : (parseDuration(grace) ?? 0);
      reply.header("cache-control", "no-store");
      return access.store.rotate(id, graceMs, reachOf(request));
    },
};

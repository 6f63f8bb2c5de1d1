import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import { isTenant, tenantForm } from "../../core/access-key.ts";
import { defaultTenant, fullName } from "../../core/tenant.ts";
import { checked } from "../checked.ts";
import { hookTypes } from "../media-types.ts";
import type { Route } from "../route.ts";
import { deliveredSchema } from "../schemas/trigger.ts";
import { triggerParams } from "./triggers.ts";

/** `POST /v1/hooks/:id`: a delivery to a trigger. 202 with the run; the same delivery again gives the same run. */
export const receiveHook: Route = hook("/v1/hooks/:id", triggerParams);

/** `POST /v1/hooks/:tenant/:id`: as {@link receiveHook}, to a trigger of another tenant than the default one. */
export const receiveTenantHook: Route = hook(
  "/v1/hooks/:tenant/:id",
  triggerParams.extend({ tenant: z.string().refine(isTenant, { error: `must be ${tenantForm}.` }) }),
);

function hook(url: string, params: z.ZodType<{ id: string; tenant?: string }>): Route {
  return {
    method: "POST",
    url,
    chapter: "triggers",
    scope: "none",
    changes: "if_accepted",
    summary: "Deliver a signed request to a trigger; answers with the run. The same delivery twice is one run.",
    takes: hookTypes,
    raw: true,
    reads: { params },
    answers: { 202: { text: "The run that began, or that got the signal.", schema: deliveredSchema } },
    handler:
      ({ engine }) =>
      async (request, reply) => {
        const { id, tenant = defaultTenant } = checked(params, request.params, "path");
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        request.changedBy = { tenant, by: `trigger ${id}`, keyId: null };
        const delivered = await engine.triggers.deliver(fullName(tenant, id), {
          headers: joined(request.headers),
          body,
        });
        return reply.code(202).header("location", `/v1/runs/${delivered.run}`).send(delivered);
      },
  };
}

function joined(headers: IncomingHttpHeaders): Record<string, string> {
  const present = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return Object.fromEntries(
    present.map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value] as const),
  );
}

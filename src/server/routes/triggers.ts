import { z } from "zod";
import type { Json } from "../../core/json.ts";
import { authorHeaders, changeBy } from "../change-by.ts";
import { checked } from "../checked.ts";
import { jsonTypes } from "../media-types.ts";
import type { Route } from "../route.ts";
import { begunSchema, setTriggerSchema, triggerSchema } from "../schemas/trigger.ts";
import { idempotencyHeaders } from "../submission.ts";

/** What the id in a trigger's address must be. */
export const triggerParams = z.object({
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, { error: "must hold only letters, digits, . _ and -, at most 100." }),
});
const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, { error: "is not a header's name." });
const bodySchema = z.strictObject({
  workflow: z.string().min(1).optional(),
  version: z.int().min(1).optional(),
  signal: z.strictObject({ run: z.string().min(1), name: z.string().min(1).max(100) }).optional(),
  on: z.string().min(1).max(100).optional(),
  secret: z.string().min(16, { error: "must have 16 characters or more." }).max(500).optional(),
  input: z.json().optional(),
  signature: z
    .strictObject({
      style: z.enum(["github", "stripe"]).optional(),
      header: headerName.optional(),
      algorithm: z.enum(["sha256"]).optional(),
      encoding: z.enum(["hex", "base64"]).optional(),
      prefix: z.string().max(50).optional(),
      timestamp: headerName.optional(),
      signed: z.string().max(200).optional(),
      tolerance: z.string().optional(),
    })
    .optional(),
  idempotency: z
    .union([z.strictObject({ header: headerName }), z.strictObject({ expression: z.string().min(1).max(1_000) })], {
      error: "must be {header: NAME} or {expression: TEMPLATE}.",
    })
    .optional(),
});

/** `PUT /v1/triggers/:id`: what a signed request from outside begins; in place of a trigger of that id. A secret that is made here is answered once. */
export const setTrigger: Route = {
  method: "PUT",
  url: "/v1/triggers/:id",
  chapter: "triggers",
  scope: "operate",
  summary:
    "Begin runs, or send signals, by signed requests to /v1/hooks/:id: {workflow | signal, on?, secret?, input?, signature?, idempotency?}.",
  takes: jsonTypes,
  reads: { params: triggerParams, headers: authorHeaders, body: bodySchema },
  answers: { 200: { text: "The trigger.", schema: setTriggerSchema } },
  handler:
    ({ engineOf }) =>
    async (request) => {
      const { id } = checked(triggerParams, request.params, "path");
      const body = checked(bodySchema, request.body, "body");
      return engineOf(request).triggers.set(id, body, changeBy(request).author);
    },
};

const openSignalParams = z.object({ name: z.string().min(1).max(100) });
const openSignalSchema = z.strictObject({
  payload: z.json().optional(),
  id: z.string().min(1).max(200).optional(),
});

/** `POST /v1/signals/:name`: a signal for nobody's run; each trigger that is set `on` its name begins what it begins. */
export const sendOpenSignal: Route = {
  method: "POST",
  url: "/v1/signals/:name",
  chapter: "triggers",
  scope: "submit",
  idempotency: "own",
  summary:
    "Send a signal that no run waits for: each trigger set `on` its name begins its run. {payload?, id?}; the same id is taken once.",
  takes: jsonTypes,
  reads: { params: openSignalParams, headers: idempotencyHeaders, body: openSignalSchema },
  answers: {
    202: {
      text: "What came of it, by trigger; none: no trigger is set on that name.",
      schema: z.strictObject({ signal: z.string(), begun: z.array(begunSchema) }),
    },
  },
  handler:
    ({ engineOf }) =>
    async (request, reply) => {
      const { name } = checked(openSignalParams, request.params, "path");
      const { payload = null, id } = checked(openSignalSchema, request.body ?? {}, "body");
      const { "idempotency-key": key } = checked(idempotencyHeaders, request.headers, "headers");
      const signal = { payload: payload as Json, id: id ?? (key === undefined ? undefined : `key:${key}`) };
      return reply.code(202).send({ signal: name, begun: await engineOf(request).triggers.announce(name, signal) });
    },
};

/** `GET /v1/triggers`: all of them, by id, without their secrets. */
export const listTriggers: Route = {
  method: "GET",
  url: "/v1/triggers",
  chapter: "triggers",
  scope: "read",
  summary: "The triggers; their secrets are masked.",
  answers: {
    200: { text: "The triggers, by id.", schema: z.strictObject({ triggers: z.array(triggerSchema) }) },
  },
  handler:
    ({ engineOf }) =>
    async (request) => ({ triggers: await engineOf(request).triggers.list() }),
};

/** `GET /v1/triggers/:id`: one of them, without its secret. */
export const showTrigger: Route = {
  method: "GET",
  url: "/v1/triggers/:id",
  chapter: "triggers",
  scope: "read",
  summary: "A trigger; its secret is masked.",
  reads: { params: triggerParams },
  answers: { 200: { text: "The trigger.", schema: triggerSchema } },
  handler:
    ({ engineOf }) =>
    async (request) =>
      engineOf(request).triggers.show(checked(triggerParams, request.params, "path").id),
};

/** `DELETE /v1/triggers/:id`: takes no further deliveries; runs that it began go on. */
export const removeTrigger: Route = {
  method: "DELETE",
  url: "/v1/triggers/:id",
  chapter: "triggers",
  scope: "operate",
  summary: "End a trigger; runs that it began go on.",
  reads: { params: triggerParams, headers: authorHeaders },
  answers: { 204: { text: "It has ended." } },
  handler:
    ({ engineOf }) =>
    async (request, reply) => {
      const { id } = checked(triggerParams, request.params, "path");
      await engineOf(request).triggers.remove(id);
      return reply.code(204).send();
    },
};

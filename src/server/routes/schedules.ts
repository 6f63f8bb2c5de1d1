import { z } from "zod";
import type { JsonObject } from "../../core/json.ts";
import { authorHeaders, changeBy } from "../change-by.ts";
import { checked } from "../checked.ts";
import { hintsSchema } from "../hints.ts";
import type { Route } from "../route.ts";
import { scheduleSchema } from "../schemas/schedule.ts";

const paramsSchema = z.object({
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, { error: "must hold only letters, digits, . _ and -, at most 100." }),
});
const bodySchema = z.strictObject({
  workflow: z.string().min(1),
  version: z.int().min(1).optional(),
  cron: z.string().min(1).max(200),
  timezone: z.string().min(1).max(100).optional(),
  input: z.record(z.string(), z.json()).optional(),
  hints: hintsSchema.optional(),
  overlap: z.enum(["allow", "skip"]).optional(),
});

/** `PUT /v1/schedules/:id`: runs of a stored workflow by the clock; in place of a schedule of that id. */
export const setSchedule: Route = {
  method: "PUT",
  url: "/v1/schedules/:id",
  chapter: "schedules",
  scope: "operate",
  summary:
    "Begin runs of a stored workflow by the clock: {workflow, cron, timezone?, version?, input?, hints?, overlap?}.",
  takes: ["application/json"],
  reads: { params: paramsSchema, headers: authorHeaders, body: bodySchema },
  answers: { 200: { text: "The schedule.", schema: scheduleSchema } },
  handler:
    ({ engineOf }) =>
    async (request) => {
      const { id } = checked(paramsSchema, request.params, "path");
      const { input, ...body } = checked(bodySchema, request.body, "body");
      const by = changeBy(request).author;
      return engineOf(request).schedules.set({ id, by, ...body, ...(input ? { input: input as JsonObject } : {}) });
    },
};

/** `GET /v1/schedules`: all of them, by id. */
export const listSchedules: Route = {
  method: "GET",
  url: "/v1/schedules",
  chapter: "schedules",
  scope: "read",
  summary: "The schedules, with their next time and last run.",
  answers: {
    200: { text: "The schedules, by id.", schema: z.strictObject({ schedules: z.array(scheduleSchema) }) },
  },
  handler:
    ({ engineOf }) =>
    async (request) => ({ schedules: await engineOf(request).schedules.list() }),
};

/** `GET /v1/schedules/:id`: one of them. */
export const showSchedule: Route = {
  method: "GET",
  url: "/v1/schedules/:id",
  chapter: "schedules",
  scope: "read",
  summary: "A schedule, with its next time and last run.",
  reads: { params: paramsSchema },
  answers: { 200: { text: "The schedule.", schema: scheduleSchema } },
  handler:
    ({ engineOf }) =>
    async (request) =>
      engineOf(request).schedules.show(checked(paramsSchema, request.params, "path").id),
};

/** `DELETE /v1/schedules/:id`: begins no further runs; those that run go on. */
export const removeSchedule: Route = {
  method: "DELETE",
  url: "/v1/schedules/:id",
  chapter: "schedules",
  scope: "operate",
  summary: "End a schedule; runs that it began go on.",
  reads: { params: paramsSchema, headers: authorHeaders },
  answers: { 204: { text: "It has ended." } },
  handler:
    ({ engineOf }) =>
    async (request, reply) => {
      const { id } = checked(paramsSchema, request.params, "path");
      await engineOf(request).schedules.remove(id);
      return reply.code(204).send();
    },
};

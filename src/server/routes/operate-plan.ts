import { z } from "zod";
import { authorHeaders, changeBy } from "../change-by.ts";
import { checked } from "../checked.ts";
import { idempotencyKeySchema } from "../idempotency/key.ts";
import type { Route } from "../route.ts";
import { planSchema } from "../schemas/plan.ts";

const takes = ["application/json"] as const;
const paramsSchema = z.object({ id: z.string() });
const answers = { 200: { text: "The plan as it stands now.", schema: planSchema } } as const;

const executeBody = z.strictObject({
  version: z.int().min(1).optional().describe("Refuse it where the plan has another version by now."),
});
const executeHeaders = authorHeaders.extend({ "idempotency-key": idempotencyKeySchema });

/** `POST /v1/plans/:id/execute`: starts the plan's one run. */
export const executePlan: Route = {
  method: "POST",
  url: "/v1/plans/:id/execute",
  chapter: "plans",
  scope: "submit",
  idempotency: "own",
  summary: "Start the plan's one run: {version?}. With an Idempotency-Key, asking again gives the same answer.",
  takes,
  reads: { params: paramsSchema, headers: executeHeaders, body: executeBody },
  answers: { 202: { text: "The plan, with its run.", schema: planSchema } },
  handler:
    ({ plansOf }) =>
    async (request, reply) => {
      const { id } = checked(paramsSchema, request.params, "path");
      const { "idempotency-key": idempotencyKey } = checked(executeHeaders, request.headers, "headers");
      const { version: expected } = checked(executeBody, request.body, "body");
      const by = changeBy(request).author;
      return reply.code(202).send(await plansOf(request).execute(id, { by, expected, idempotencyKey }));
    },
};

const cancelBody = z.strictObject({ reason: z.string().min(1).max(1_000).optional() });

/** `POST /v1/plans/:id/cancel`: a pending plan is never executed; the run of an executing one ends. */
export const cancelPlan: Route = {
  method: "POST",
  url: "/v1/plans/:id/cancel",
  chapter: "plans",
  scope: "operate",
  summary: "Cancel a plan, or the run that executes it: {reason?}.",
  takes,
  reads: { params: paramsSchema, headers: authorHeaders, body: cancelBody },
  answers,
  handler:
    ({ plansOf }) =>
    async (request) => {
      const { id } = checked(paramsSchema, request.params, "path");
      const { reason = null } = checked(cancelBody, request.body, "body");
      return plansOf(request).cancel(id, changeBy(request).author, reason);
    },
};

const rollbackBody = z.strictObject({
  to: z.int().min(1).describe("The version that the new one is to equal."),
  version: z.int().min(1).optional().describe("Refuse it where the plan has another version by now."),
});

/** `POST /v1/plans/:id/rollback`: a new version that equals an old one. */
export const rollbackPlan: Route = {
  method: "POST",
  url: "/v1/plans/:id/rollback",
  chapter: "plans",
  scope: "submit",
  idempotency: "answer",
  summary: "Make a new version of a pending plan that equals an old one: {to, version?}.",
  takes,
  reads: { params: paramsSchema, headers: authorHeaders, body: rollbackBody },
  answers,
  handler:
    ({ plansOf }) =>
    async (request) => {
      const { id } = checked(paramsSchema, request.params, "path");
      const { to, version: expected } = checked(rollbackBody, request.body, "body");
      return plansOf(request).rollback(id, to, { by: changeBy(request).author, expected });
    },
};

const resumeBody = z.strictObject({
  approved: z.boolean().describe("Whether the step may begin; false: the plan is aborted."),
  step: z.string().min(1).optional().describe("Which approval. Default: the only one that waits."),
  comment: z.string().max(10_000).optional(),
});

/** `POST /v1/plans/:id/resume`: the word that the plan waits for. */
export const resumePlan: Route = {
  method: "POST",
  url: "/v1/plans/:id/resume",
  chapter: "plans",
  scope: "operate",
  idempotency: "answer",
  summary: "Say the word that a plan waits for: {approved, step?, comment?}; who: X-Switchyard-Author.",
  takes,
  reads: { params: paramsSchema, headers: authorHeaders, body: resumeBody },
  answers: { 202: { text: "The word is on its way; the plan as it stood then.", schema: planSchema } },
  handler:
    ({ plansOf }) =>
    async (request, reply) => {
      const { id } = checked(paramsSchema, request.params, "path");
      const word = checked(resumeBody, request.body, "body");
      return reply
        .code(202)
        .send(await plansOf(request).resume(id, { ...word, by: changeBy(request).author, asker: request.principal }));
    },
};

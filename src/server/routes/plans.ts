import { z } from "zod";
import type { JsonObject } from "../../core/json.ts";
import { authorHeaders, changeBy } from "../change-by.ts";
import { checked } from "../checked.ts";
import { hintsSchema } from "../hints.ts";
import { idempotencyKeySchema, replayed } from "../idempotency/key.ts";
import { jsonTypes } from "../media-types.ts";
import type { Route } from "../route.ts";
import { agentSchema, planMode, planSchema, planStatus, planSummary, planVersion } from "../schemas/plan.ts";

const goal = z.string().trim().min(1).max(50_000).describe("What is wanted, in words.");
const domain = z.string().trim().min(1).max(500).describe("The field that the goal is of.");

const makeBody = z.strictObject({
  goal,
  domain: domain.optional(),
  mode: planMode.optional(),
  agents: z.array(z.string().min(1)).min(1).max(100).optional().describe("Only these of the catalogue."),
  hints: hintsSchema.optional(),
  execute: z.boolean().optional().describe("Start its run at once."),
});

const makeHeaders = authorHeaders.extend({ "idempotency-key": idempotencyKeySchema });

/** `POST /v1/plans`: makes a plan of a goal; the answer takes as long as the planner does. */
export const makePlan: Route = {
  method: "POST",
  url: "/v1/plans",
  chapter: "plans",
  scope: "submit",
  idempotency: "turns",
  summary: "Make a plan of a goal: {goal, domain?, mode?, agents?, hints?, execute?}.",
  takes: jsonTypes,
  reads: { headers: makeHeaders, body: makeBody },
  answers: {
    201: { text: "The new plan. `Location` is its address.", schema: planSchema },
    200: { text: "The plan that this Idempotency-Key made before.", schema: planSchema },
  },
  handler:
    ({ plansOf }) =>
    async (request, reply) => {
      const { "idempotency-key": idempotencyKey } = checked(makeHeaders, request.headers, "headers");
      const { execute, ...wanted } = checked(makeBody, request.body, "body");
      const by = changeBy(request).author;
      const gone = new AbortController();
      // Whoever gave a key may come again for the plan.
      if (!request.turn) reply.raw.once("close", () => gone.abort());
      const plans = plansOf(request);
      const made = await plans.make({ ...wanted, by, idempotencyKey, signal: gone.signal });
      const { plan } = execute ? { plan: await plans.execute(made.plan.id, { by, idempotencyKey }) } : made;
      return reply
        .code(made.created ? 201 : 200)
        .headers({ location: `/v1/plans/${plan.id}`, ...(made.created ? {} : replayed) })
        .send(plan);
    },
};

const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).optional(),
  before: z.string().min(1).optional(),
  status: planStatus.optional(),
});

/** `GET /v1/plans`: newest first; `next` is the `before` of the next page, null on the last. */
export const listPlans: Route = {
  method: "GET",
  url: "/v1/plans",
  chapter: "plans",
  scope: "read",
  summary: "List plans, newest first (?limit, ?before, ?status).",
  reads: { query: listQuery },
  answers: {
    200: {
      text: "A page of plans.",
      schema: z.strictObject({
        plans: z.array(planSummary),
        next: z.string().nullable().describe("`before` of the next page; null on the last."),
      }),
    },
  },
  handler:
    ({ plansOf }) =>
    async (request) =>
      plansOf(request).list(checked(listQuery, request.query, "query")),
};

const paramsSchema = z.object({ id: z.string() });

/** `GET /v1/plans/:id` */
export const showPlan: Route = {
  method: "GET",
  url: "/v1/plans/:id",
  chapter: "plans",
  scope: "read",
  summary: "A plan: its definition, its steps in its mode, where it stands.",
  reads: { params: paramsSchema },
  answers: { 200: { text: "The plan.", schema: planSchema } },
  handler:
    ({ plansOf }) =>
    async (request) =>
      plansOf(request).get(checked(paramsSchema, request.params, "path").id),
};

const editBody = z.strictObject({
  version: z.int().min(1).describe("The version that the change is made for."),
  goal: goal.optional(),
  domain: domain.nullable().optional(),
  mode: planMode.optional(),
  hints: hintsSchema.optional(),
  definition: z
    .union([z.string().min(1), z.record(z.string(), z.json())], { error: "must be YAML or JSON text, or an object." })
    .optional()
    .describe("In place of the plan's, whole."),
});

/** `PUT /v1/plans/:id`: changes a pending plan. 409 where it has another version by now. */
export const editPlan: Route = {
  method: "PUT",
  url: "/v1/plans/:id",
  chapter: "plans",
  scope: "submit",
  summary: "Change a pending plan: {version, goal?, domain?, mode?, hints?, definition?}.",
  takes: jsonTypes,
  reads: { params: paramsSchema, headers: authorHeaders, body: editBody },
  answers: { 200: { text: "The plan as it is now.", schema: planSchema } },
  handler:
    ({ plansOf }) =>
    async (request) => {
      const { id } = checked(paramsSchema, request.params, "path");
      const { definition, ...edit } = checked(editBody, request.body, "body");
      const source = definition === undefined ? {} : { definition: definition as string | JsonObject };
      return plansOf(request).edit(id, { ...edit, ...source, by: changeBy(request).author });
    },
};

/** `GET /v1/plans/:id/versions`: oldest first. */
export const planVersions: Route = {
  method: "GET",
  url: "/v1/plans/:id/versions",
  chapter: "plans",
  scope: "read",
  summary: "The versions of a plan: when, who, what changed.",
  reads: { params: paramsSchema },
  answers: {
    200: { text: "The versions.", schema: z.strictObject({ plan: z.string(), versions: z.array(planVersion) }) },
  },
  handler:
    ({ plansOf }) =>
    async (request) => {
      const { id } = checked(paramsSchema, request.params, "path");
      return { plan: id, versions: await plansOf(request).versions(id) };
    },
};

/** `GET /v1/agents`: whom a planner may give steps to. */
export const listAgents: Route = {
  method: "GET",
  url: "/v1/agents",
  chapter: "plans",
  scope: "read",
  summary: "The catalogue of agents.",
  answers: { 200: { text: "The agents.", schema: z.strictObject({ agents: z.array(agentSchema) }) } },
  handler:
    ({ plansOf }) =>
    async (request) => ({ agents: plansOf(request).agents() }),
};

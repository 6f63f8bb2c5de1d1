import { z } from "zod";
import { type Plan, planModes } from "../../core/plan.ts";
import { checked } from "../checked.ts";
import { jsonTypes } from "../media-types.ts";
import type { Route } from "../route.ts";
import { resourceProblem } from "./failure.ts";
import { iso, statusBody } from "./plan-body.ts";
import { planHead, planStatus, planVersions } from "./schemas.ts";

const id = z.string().min(1).max(200);
const params = z.object({ id });
const shared = { chapter: "axonflow", problem: resourceProblem } as const;
const statusAnswer = { 200: { text: "Where the plan stands.", schema: planStatus } };

/** Where a plan stands, at one of the two addresses that clients know. */
function status(url: string): Route {
  return {
    ...shared,
    method: "GET",
    url,
    scope: "read",
    summary: "AxonFlow's clients: getPlanStatus.",
    reads: { params },
    answers: statusAnswer,
    handler:
      ({ plansOf, engineOf }) =>
      async (request) => {
        const plan = await plansOf(request).get(checked(params, request.params, "path").id);
        const run = plan.run === null ? null : await engineOf(request).get(plan.run, { outputs: true });
        return statusBody(plan, run, Date.now());
      },
  };
}

const cancelSchema = z.looseObject({ reason: z.string().max(1_000).nullish() });

const cancel: Route = {
  ...shared,
  method: "POST",
  url: "/api/v1/plan/:id/cancel",
  scope: "operate",
  summary: "AxonFlow's clients: cancelPlan ({reason}).",
  takes: jsonTypes,
  reads: { params, body: cancelSchema },
  answers: { 200: { text: "The plan is cancelled, or its run is being ended.", schema: planHead } },
  handler:
    ({ plansOf }) =>
    async (request) => {
      const { reason } = checked(cancelSchema, request.body, "body");
      const { id } = checked(params, request.params, "path");
      const plan = await plansOf(request).cancel(id, request.principal.name, reason || null);
      return {
        ...headOf(plan),
        message: plan.run === null ? "The plan is cancelled." : `Run ${plan.run} is cancelled.`,
      };
    },
};

const updateSchema = z.looseObject({
  version: z.int().min(1),
  execution_mode: z.enum(planModes).optional(),
  domain: z.string().min(1).max(200).optional(),
});

const update: Route = {
  ...shared,
  method: "PUT",
  url: "/api/v1/plan/:id",
  scope: "submit",
  summary:
    "AxonFlow's clients: updatePlan ({version, execution_mode, domain}); 409 where the plan has another version.",
  takes: jsonTypes,
  reads: { params, body: updateSchema },
  answers: { 200: { text: "The plan has a new version.", schema: planHead } },
  handler:
    ({ plansOf }) =>
    async (request) => {
      const { version, execution_mode: mode, domain } = checked(updateSchema, request.body, "body");
      const { id } = checked(params, request.params, "path");
      const plan = await plansOf(request).edit(id, {
        version,
        mode,
        domain,
        by: request.principal.name,
      });
      return { ...headOf(plan), version: plan.version, success: true };
    },
};

const versions: Route = {
  ...shared,
  method: "GET",
  url: "/api/v1/plan/:id/versions",
  scope: "read",
  summary: "AxonFlow's clients: getPlanVersions.",
  reads: { params },
  answers: { 200: { text: "The plan's versions, oldest first.", schema: planVersions } },
  handler:
    ({ plansOf }) =>
    async (request) => {
      const { id } = checked(params, request.params, "path");
      const found = await plansOf(request).versions(id);
      return {
        plan_id: id,
        versions: found.map(({ version, changedAt, changedBy, change, summary }) => ({
          version,
          changed_at: iso(changedAt),
          changed_by: changedBy,
          change_type: change,
          change_summary: summary,
        })),
      };
    },
};

const resumeSchema = z.looseObject({
  approved: z.boolean().default(true),
  step: z.string().min(1).optional(),
  comment: z.string().max(10_000).optional(),
});

const resume: Route = {
  ...shared,
  method: "POST",
  url: "/api/v1/plan/:id/resume",
  scope: "operate",
  idempotency: "answer",
  summary: "AxonFlow's clients: resumePlan ({approved}): the word that a step of the plan waits for.",
  takes: jsonTypes,
  reads: { params, body: resumeSchema },
  answers: { 200: { text: "The step has the word.", schema: planHead } },
  handler:
    ({ plansOf }) =>
    async (request) => {
      const { approved, step, comment } = checked(resumeSchema, request.body, "body");
      const { id } = checked(params, request.params, "path");
      const plan = await plansOf(request).resume(id, {
        approved,
        step,
        comment,
        by: request.principal.name,
        asker: request.principal,
      });
      const message = approved ? "Approved: the plan goes on." : "Rejected: the plan ends.";
      return { ...headOf(plan), workflow_id: plan.run, approved, message };
    },
};

const rollbackParams = z.object({ id, version: z.coerce.number().int().min(1) });

const rollback: Route = {
  ...shared,
  method: "POST",
  url: "/api/v1/plan/:id/rollback/:version",
  scope: "submit",
  idempotency: "answer",
  summary: "AxonFlow's clients: rollbackPlan; the old version becomes the newest.",
  takes: jsonTypes,
  reads: { params: rollbackParams, body: z.looseObject({}).optional() },
  answers: { 200: { text: "The plan is as it was then.", schema: planHead } },
  handler:
    ({ plansOf }) =>
    async (request) => {
      const { id, version } = checked(rollbackParams, request.params, "path");
      const plan = await plansOf(request).rollback(id, version, { by: request.principal.name });
      return { ...headOf(plan), version, previous_version: plan.version - 1, current_version: plan.version };
    },
};

function headOf({ id, status }: Plan) {
  return { plan_id: id, status };
}

/** Plans as AxonFlow's clients know them. */
export const planRoutes: readonly Route[] = [
  status("/api/v1/plan/:id"),
  status("/api/plans/:id"),
  cancel,
  update,
  versions,
  resume,
  rollback,
];

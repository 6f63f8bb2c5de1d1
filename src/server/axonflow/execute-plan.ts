import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Plan } from "../../core/plan.ts";
import type { Run } from "../../core/run.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Plans } from "../../planning/plans.ts";
import { checked } from "../checked.ts";
import { feed } from "../feed.ts";
import type { AxonFlowAsk, RequestAnswer } from "./ask.ts";
import { asError, failureBody } from "./failure.ts";
import { asText, durationText, runMs, stepResults } from "./plan-body.ts";

/** Its clients wait for 120 s: by then they know that it goes on. */
const mostSeconds = 100;

const contextSchema = z.looseObject({
  plan_id: z.string().min(1).max(200),
  wait_seconds: z.number().min(0).max(mostSeconds).default(mostSeconds),
});

/** `executePlan`: starts the plan's run and waits for its end; one that lasts is answered as running, or as waiting for approval, and goes on. */
export const answerExecutePlan: RequestAnswer = async (ask, { plansOf, engineOf }) => {
  const { request, idempotencyKey } = ask;
  const { plan_id: id, wait_seconds: seconds } = checked(contextSchema, ask.context, "context");
  const [plans, engine] = [plansOf(request), engineOf(request)];
  const started = await plans.execute(id, { by: request.principal.name, idempotencyKey });
  const plan = await ended(started, plans, engine, { seconds, signal: ask.signal });
  const run = plan.run === null ? null : await engine.get(plan.run, { outputs: true });
  return plan.status === "failed" || plan.status === "aborted" || plan.status === "cancelled"
    ? refuse(plan, run, ask)
    : executedBody(plan, run, ask);
};

/** The plan when there is nothing more to wait for: its run has ended, asks somebody, or takes longer. */
async function ended(
  plan: Plan,
  plans: Plans,
  engine: Engine,
  { seconds, signal }: { readonly seconds: number; readonly signal: AbortSignal },
): Promise<Plan> {
  if (plan.run === null) return plan;
  const over = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1_000)]);
  for await (const event of feed({ engine, runId: plan.run, after: 0, signal: over })) {
    if (event.type !== "step.waiting") continue;
    const now = await plans.get(plan.id);
    if (now.status !== "executing") return now;
  }
  return plans.get(plan.id);
}

/** AxonFlow's own name for what goes on. */
const running: Readonly<Record<string, string>> = { executing: "running" };

function executedBody(plan: Plan, run: Run | null, { requestId }: AxonFlowAsk): JsonObject {
  const result = run?.status === "succeeded" ? { result: asText(run.output) } : {};
  const status = running[plan.status] ?? plan.status;
  return {
    success: true,
    blocked: false,
    request_id: requestId,
    plan_id: plan.id,
    ...result,
    data: { success: true, status, ...result, workflow_id: plan.run, waiting_for_approval: [...plan.waiting] },
    metadata: metadataOf(plan, run, status),
  };
}

function refuse(plan: Plan, run: Run | null, { reply, requestId }: AxonFlowAsk): object {
  const error = plan.error
    ? asError(plan.error)
    : new AppError("cancelled", { message: `Plan ${plan.id} was cancelled.` });
  // Whoever asked is still there: it is the plan that was cancelled.
  const status = error.status === 499 ? 409 : error.status;
  return reply.code(status).send({
    ...failureBody(error),
    request_id: requestId,
    plan_id: plan.id,
    data: { success: false, status: plan.status, error: error.message, workflow_id: plan.run },
    metadata: metadataOf(plan, run, plan.status),
  });
}

function metadataOf(plan: Plan, run: Run | null, status: string): JsonObject {
  return {
    status,
    execution_mode: plan.mode,
    step_results: run ? stepResults(run.steps) : {},
    duration: run ? durationText(runMs(run, Date.now())) : "",
    cost_usd: run?.costUsd ?? null,
  };
}

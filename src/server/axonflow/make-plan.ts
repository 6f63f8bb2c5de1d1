import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { planModes } from "../../core/plan.ts";
import { checked } from "../checked.ts";
import type { RequestAnswer } from "./ask.ts";
import { callContextSchema, hintsIn } from "./call-context.ts";
import { madeBody } from "./plan-body.ts";

const contextSchema = z.looseObject({
  ...callContextSchema.shape,
  domain: z.string().min(1).max(200).optional(),
  execution_mode: z.enum(planModes).optional(),
});

/** `generatePlan`: a goal in words becomes a plan, which waits to be executed. */
export const answerMakePlan: RequestAnswer = async (ask, { plansOf }) => {
  const { query, requestId, request, signal, idempotencyKey } = ask;
  const context = checked(contextSchema, ask.context, "context");
  if (query.trim() === "") {
    const message = "`query` is empty: it is the goal that is planned for.";
    throw new AppError("bad_request", { message, problems: [{ path: "query", message }] });
  }
  const { plan } = await plansOf(request).make({
    goal: query,
    domain: context.domain,
    mode: context.execution_mode,
    hints: hintsIn(context),
    by: request.principal.name,
    idempotencyKey,
    signal,
  });
  return madeBody(plan, requestId);
};

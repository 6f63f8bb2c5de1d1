import { z } from "zod";
import { attemptsOf } from "../../core/attempts.ts";
import { AppError } from "../../core/errors.ts";
import type { Run, StepRecord } from "../../core/run.ts";
import { didYouMean } from "../../core/suggest.ts";
import { checked } from "../checked.ts";
import type { Route } from "../route.ts";
import { attemptSchema } from "../schemas/attempt.ts";
import { stepRecord } from "../schemas/run.ts";

const runParams = z.object({ id: z.string() });
const stepParams = z.object({ id: z.string(), step: z.string() });
const querySchema = z.strictObject({ outputs: z.stringbool().optional() });

/** `GET /v1/runs/:id/steps`: a run's steps, in the definition's order. */
export const runSteps: Route = {
  method: "GET",
  url: "/v1/runs/:id/steps",
  chapter: "runs",
  scope: "read",
  summary: "A run's steps (?outputs=true: with each step's output).",
  reads: { params: runParams, query: querySchema },
  answers: { 200: { text: "In the definition's order.", schema: z.strictObject({ steps: z.array(stepRecord) }) } },
  handler:
    ({ engineOf }) =>
    async (request) => {
      const { id } = checked(runParams, request.params, "path");
      const { steps } = await engineOf(request).get(id, checked(querySchema, request.query, "query"));
      return { steps };
    },
};

/** `GET /v1/runs/:id/steps/:step`: one step, with its output. */
export const runStep: Route = {
  method: "GET",
  url: "/v1/runs/:id/steps/:step",
  chapter: "runs",
  scope: "read",
  summary: "A step of a run, with its output.",
  reads: { params: stepParams },
  answers: { 200: { text: "The step.", schema: stepRecord } },
  handler:
    ({ engineOf }) =>
    async (request) => {
      const { id, step } = checked(stepParams, request.params, "path");
      return stepOf(await engineOf(request).get(id, { outputs: true }), step);
    },
};

/** `GET /v1/runs/:id/steps/:step/attempts`: each try of a step: its calls, what the router chose and why. */
export const stepAttempts: Route = {
  method: "GET",
  url: "/v1/runs/:id/steps/:step/attempts",
  chapter: "runs",
  scope: "read",
  summary: "A step's attempts: each with its calls, and what the router chose and why.",
  reads: { params: stepParams },
  answers: {
    200: { text: "In their order.", schema: z.strictObject({ attempts: z.array(attemptSchema) }) },
  },
  handler:
    ({ engineOf }) =>
    async (request) => {
      const { id, step } = checked(stepParams, request.params, "path");
      const engine = engineOf(request);
      stepOf(await engine.get(id), step);
      return { attempts: attemptsOf(await engine.events(id, 0), step) };
    },
};

/** @throws AppError step_not_found */
function stepOf({ id, steps }: Run, step: string): StepRecord {
  const found = steps.find((one) => one.id === step);
  if (found) return found;
  const known = steps.map((one) => one.id);
  const message = `Run ${id} has no step "${step.slice(0, 100)}".${didYouMean(step, known)} Steps: ${known.slice(0, 20).join(", ")}.`;
  throw new AppError("step_not_found", { message, details: { run: id, known: known.slice(0, 20) } });
}

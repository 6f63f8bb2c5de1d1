import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { isJsonObject } from "../../core/json.ts";
import type { SubmitRequest } from "../../engine/engine.ts";
import { checked } from "../checked.ts";
import { hintsSchema } from "../hints.ts";
import { jsonTypes } from "../media-types.ts";
import type { Route } from "../route.ts";
import { startedAnswers } from "../schemas/started.ts";

const bodySchema = z.strictObject({
  workflow: z.string().min(1).optional(),
  version: z.int().min(1).optional(),
  definition: z
    .union([z.string().min(1), z.record(z.string(), z.json())], { error: "must be YAML or JSON text, or an object." })
    .optional(),
  input: z.unknown().optional(),
  hints: hintsSchema.optional(),
});

const headersSchema = z.object({
  "idempotency-key": z.string().min(1).max(255).optional(),
});

/** `POST /v1/runs`: accepts a run. 202 for a new one; 200 when the Idempotency-Key was seen before with the same request. */
export const submitRun: Route = {
  method: "POST",
  url: "/v1/runs",
  chapter: "runs",
  scope: "submit",
  summary: "Start a run of a stored workflow, or of a definition sent along. Idempotency-Key makes repeating it safe.",
  takes: jsonTypes,
  reads: { headers: headersSchema, body: bodySchema },
  answers: startedAnswers,
  handler:
    ({ engineOf }) =>
    async (request, reply) => {
      const { "idempotency-key": idempotencyKey } = checked(headersSchema, request.headers, "headers");
      const { run, created } = await engineOf(request).submit({ ...readBody(request.body), idempotencyKey });
      return reply
        .code(created ? 202 : 200)
        .header("location", `/v1/runs/${run.id}`)
        .send(run);
    },
};

function readBody(value: unknown): SubmitRequest {
  if (!isJsonObject(value)) {
    throw new AppError("bad_request", {
      message:
        "The request's body must be a JSON object with `workflow` or `definition`, and perhaps `input` and `hints`.",
    });
  }
  const body = checked(bodySchema, value, "body");
  if ((body.workflow === undefined) === (body.definition === undefined)) {
    const path = body.workflow === undefined ? "workflow" : "definition";
    const got = body.workflow === undefined ? "neither" : "both";
    const message = `A run needs \`workflow\` (the name of a stored one) or \`definition\`; the request's body has ${got}.`;
    throw new AppError("bad_request", { message, problems: [{ path, message }] });
  }
  if (body.definition !== undefined && body.version !== undefined) {
    const message = "A version goes with workflow; a definition gets its own version.";
    throw new AppError("bad_request", { message, problems: [{ path: "version", message }] });
  }
  return body;
}

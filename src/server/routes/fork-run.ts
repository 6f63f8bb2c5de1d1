import { z } from "zod";
import { priorities } from "../../core/priority.ts";
import { checked } from "../checked.ts";
import { hintsSchema } from "../hints.ts";
import { replayed } from "../idempotency/key.ts";
import { jsonTypes } from "../media-types.ts";
import type { Route } from "../route.ts";
import { startedAnswers } from "../schemas/started.ts";
import { idempotencyHeaders } from "../submission.ts";

const paramsSchema = z.object({ id: z.string() });
const headersSchema = idempotencyHeaders;
const retrySchema = z.strictObject({
  input: z.unknown().optional(),
  hints: hintsSchema.optional(),
  priority: z.enum(priorities).optional().describe("Default: that run's."),
  version: z.int().min(1).optional(),
});
const forkSchema = retrySchema.extend({ from: z.string().min(1) });

/** `POST /v1/runs/:id/retry`: a new run that keeps what succeeded. 202 for a new one; 200 when the Idempotency-Key was seen before. */
export const retryRun: Route = again(
  "retry",
  "Start a new run where this one failed or was cancelled: {input?, hints?, priority?, version?}; what succeeded is kept.",
  retrySchema,
);

/** `POST /v1/runs/:id/fork`: a new run from the middle of another one. 202 for a new one; 200 when the Idempotency-Key was seen before. */
export const forkRun: Route = again(
  "fork",
  "Start a new run from a step of this one: {from, input?, hints?, priority?, version?}; what came before the step is kept.",
  forkSchema,
);

function again(
  verb: "retry" | "fork",
  summary: string,
  schema: typeof retrySchema & z.ZodType<{ from?: string }>,
): Route {
  return {
    method: "POST",
    url: `/v1/runs/:id/${verb}`,
    chapter: "runs",
    scope: "submit",
    idempotency: "own",
    summary,
    takes: jsonTypes,
    reads: { params: paramsSchema, headers: headersSchema, body: schema },
    answers: startedAnswers,
    handler:
      ({ engineOf }) =>
      async (request, reply) => {
        const { id } = checked(paramsSchema, request.params, "path");
        const { "idempotency-key": idempotencyKey } = checked(headersSchema, request.headers, "headers");
        const { run, created } = await engineOf(request).fork(id, {
          ...checked(schema, request.body, "body"),
          idempotencyKey,
        });
        return reply
          .code(created ? 202 : 200)
          .headers({ location: `/v1/runs/${run.id}`, ...(created ? {} : replayed) })
          .send(run);
      },
  };
}

import { checked } from "../checked.ts";
import { replayed } from "../idempotency/key.ts";
import { jsonTypes } from "../media-types.ts";
import type { Route } from "../route.ts";
import { startedAnswers } from "../schemas/started.ts";
import { idempotencyHeaders, readSubmission, submissionBody } from "../submission.ts";

const bodySchema = submissionBody.meta({
  examples: [{ workflow: "hello", input: { name: "Ada" }, hints: { provider: "anthropic" } }],
});

/** `POST /v1/runs`: accepts a run. 202 for a new one; 200 when the Idempotency-Key was seen before with the same request. */
export const submitRun: Route = {
  method: "POST",
  url: "/v1/runs",
  chapter: "runs",
  scope: "submit",
  idempotency: "own",
  summary: "Start a run of a stored workflow, or of a definition sent along. Idempotency-Key makes repeating it safe.",
  takes: jsonTypes,
  reads: { headers: idempotencyHeaders, body: bodySchema },
  answers: startedAnswers,
  handler:
    ({ engineOf }) =>
    async (request, reply) => {
      const { "idempotency-key": idempotencyKey } = checked(idempotencyHeaders, request.headers, "headers");
      const { run, created } = await engineOf(request).submit({ ...readSubmission(request.body), idempotencyKey });
      return reply
        .code(created ? 202 : 200)
        .headers({ location: `/v1/runs/${run.id}`, ...(created ? {} : replayed) })
        .send(run);
    },
};

import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { isTerminal, type RunSummary } from "../../core/run.ts";
import type { Engine } from "../../engine/engine.ts";
import { checked } from "../checked.ts";
import { jsonTypes, linesTypes } from "../media-types.ts";
import { problemDocument, toAppError } from "../problem.ts";
import type { Route } from "../route.ts";
import { batchAnswer } from "../schemas/started.ts";
import { idempotencyHeaders, readSubmission, submissionBody } from "../submission.ts";

/** Runs that one request may submit. */
const most = 1_000;

const itemSchema = submissionBody.extend({
  idempotencyKey: z.string().min(1).max(255).optional().describe("As the header Idempotency-Key, for this run."),
});
const bodySchema = z
  .array(itemSchema)
  .min(1)
  .max(most)
  .describe("Submissions: a list, or as application/x-ndjson one a line.")
  .meta({ examples: [[{ workflow: "hello", input: { name: "Ada" }, idempotencyKey: "order-1" }]] });

/** What became of one submission. */
type Submitted =
  | { readonly status: 200 | 202; readonly run: RunSummary }
  | { readonly status: number; readonly problem: ReturnType<typeof problemDocument> };

/** `POST /v1/runs/batch`: accepts or refuses each of many runs by itself, in order. The answer has as many members, in the same order. */
export const submitRuns: Route = {
  method: "POST",
  url: "/v1/runs/batch",
  chapter: "runs",
  scope: "submit",
  idempotency: "own",
  summary: `Start up to ${most} runs: a JSON list, or one submission a line as application/x-ndjson. Each is accepted or refused by itself, in order.`,
  takes: [...jsonTypes, ...linesTypes],
  reads: { headers: idempotencyHeaders, body: bodySchema },
  answers: { 200: { text: "What became of each, in order.", schema: batchAnswer } },
  handler:
    ({ engineOf }) =>
    async (request) => {
      const { "idempotency-key": key } = checked(idempotencyHeaders, request.headers, "headers");
      const engine = engineOf(request);
      const results: Submitted[] = [];
      // One after the other: what is submitted later is created later.
      for (const [index, item] of itemsOf(request).entries()) {
        results.push(await submitted(engine, item, key === undefined ? undefined : `${key}:${index}`));
      }
      return {
        accepted: results.filter(({ status }) => status < 300).length,
        refused: results.filter(({ status }) => status >= 300).length,
        results,
      };
    },
};

async function submitted(engine: Engine, value: unknown, key: string | undefined): Promise<Submitted> {
  try {
    const item = typeof value === "string" ? parsedLine(value) : value;
    const { idempotencyKey = key, ...rest } = checkedItem(item);
    const { run, created } = await engine.submit({ ...readSubmission(rest), idempotencyKey });
    return { status: created ? 202 : 200, run: summaryOf(run) };
  } catch (thrown) {
    const error = toAppError(thrown);
    // What Redis did not answer may have happened; whoever has no answer asks again with the same keys.
    if (error.status >= 500) throw error;
    return { status: error.status, problem: problemDocument(error) };
  }
}

function checkedItem(
  value: unknown,
): { readonly idempotencyKey?: string | undefined } & Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AppError("bad_request", { message: "A submission must be a JSON object." });
  }
  const { idempotencyKey, ...rest } = value as Readonly<Record<string, unknown>>;
  const key = checked(itemSchema.pick({ idempotencyKey: true }), { idempotencyKey }, "body");
  return { ...rest, ...key };
}

function parsedLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new AppError("bad_request", { message: "The line is not JSON.", cause: error });
  }
}

/** @throws AppError bad_request - not a list, empty, too many */
function itemsOf({ body }: FastifyRequest): readonly unknown[] {
  const items = typeof body === "string" ? body.split("\n").filter((line) => line.trim() !== "") : body;
  if (Array.isArray(items) && items.length > 0 && items.length <= most) return items;
  const got = Array.isArray(items) ? `has ${items.length}` : "is no list";
  const message = `The request's body must be a list of 1 to ${most} submissions, or lines of them as application/x-ndjson; it ${got}.`;
  throw new AppError("bad_request", { message, details: { most } });
}

/** A run without what only `GET /v1/runs/:id` tells. */
function summaryOf({
  id,
  workflow,
  version,
  status,
  createdAt,
  startedAt,
  finishedAt,
  costUsd,
}: RunSummary): RunSummary {
  return {
    id,
    workflow,
    version,
    status,
    createdAt,
    startedAt,
    finishedAt: isTerminal(status) ? finishedAt : null,
    costUsd,
  };
}

import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import type { RunStatus, RunSummary } from "../../core/run.ts";
import type { Engine } from "../../engine/engine.ts";
import { checked } from "../checked.ts";
import { jsonTypes } from "../media-types.ts";
import type { Route, ServerContext } from "../route.ts";
import { sendEvents } from "../sse.ts";
import {
  type ExecutionStatus,
  executionBody,
  executionStatuses,
  executionStatusOf,
  executionTypeOf,
  executionTypes,
} from "./execution-body.ts";
import { executionEvents } from "./execution-stream.ts";
import { resourceProblem } from "./failure.ts";
import { execution, executionList } from "./schemas.ts";

const shared = { chapter: "axonflow", problem: resourceProblem } as const;
const params = z.object({ id: z.string().min(1).max(200) });

/** Runs that a list looks through: `total` counts no more. */
const mostListed = 5_000;
const pageSize = 500;

const querySchema = z.object({
  execution_type: z.enum(executionTypes).optional(),
  status: z.enum(executionStatuses).optional(),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .default(50)
    .transform((limit) => Math.min(limit, 100)),
  offset: z.coerce.number().int().min(0).max(mostListed).default(0),
});

const list: Route = {
  ...shared,
  method: "GET",
  url: "/api/v1/unified/executions",
  scope: "read",
  summary: "AxonFlow's clients: listUnifiedExecutions (?execution_type, ?status, ?limit, ?offset).",
  reads: { query: querySchema },
  answers: { 200: { text: "Runs as executions, newest first.", schema: executionList } },
  handler:
    ({ engineOf }) =>
    async (request) => {
      const engine = engineOf(request);
      const { execution_type: type, status, limit, offset } = checked(querySchema, request.query, "query");
      const found = (await summaries(engine, status)).filter(
        (run) => type === undefined || executionTypeOf(run.workflow) === type,
      );
      const page = found.slice(offset, offset + limit);
      const executions = await Promise.all(
        page.map(async ({ id }) => executionBody(await engine.get(id), request.principal.tenant, Date.now())),
      );
      const total = found.length;
      return { executions, total, limit, offset, has_more: offset + page.length < total };
    },
};

/** The only status of runs that is an execution's; undefined: there are several. */
const only: Partial<Readonly<Record<ExecutionStatus, RunStatus>>> = {
  pending: "queued",
  completed: "succeeded",
  failed: "failed",
  cancelled: "cancelled",
};

async function summaries(engine: Engine, status: ExecutionStatus | undefined): Promise<readonly RunSummary[]> {
  if (status === "aborted" || status === "expired") return [];
  const runs: RunSummary[] = [];
  let before: string | undefined;
  for (let read = 0; read < mostListed; read += pageSize) {
    const asked = status === undefined ? undefined : only[status];
    const page = await engine.list({ limit: pageSize, before, ...(asked ? { status: asked } : {}) });
    runs.push(...page.runs.filter((run) => status === undefined || executionStatusOf(run.status) === status));
    if (page.next === null) break;
    before = page.next;
  }
  return runs;
}

const show: Route = {
  ...shared,
  method: "GET",
  url: "/api/v1/unified/executions/:id",
  scope: "read",
  summary: "AxonFlow's clients: getExecutionStatus, by a run's or a plan's id.",
  reads: { params },
  answers: { 200: { text: "The run as an execution, with its steps.", schema: execution } },
  handler: (context) => async (request) => {
    const run = await context.engineOf(request).get(await runOf(request, context), { outputs: true });
    return executionBody(run, request.principal.tenant, Date.now());
  },
};

const cancelSchema = z.looseObject({ reason: z.string().max(1_000).nullish() });

const cancel: Route = {
  ...shared,
  method: "POST",
  url: "/api/v1/unified/executions/:id/cancel",
  scope: "operate",
  summary: "AxonFlow's clients: cancelExecution ({reason}).",
  takes: jsonTypes,
  reads: { params, body: cancelSchema },
  answers: { 200: { text: "The run is being ended.", schema: execution } },
  handler: (context) => async (request) => {
    const { reason } = checked(cancelSchema, request.body, "body");
    const engine = context.engineOf(request);
    const id = await runOf(request, context);
    await engine.cancel(id, request.principal.name, reason || null);
    return executionBody(await engine.get(id), request.principal.tenant, Date.now());
  },
};

const stream: Route = {
  ...shared,
  method: "GET",
  url: "/api/v1/unified/executions/:id/stream",
  scope: "read",
  summary:
    "AxonFlow's clients: streamExecutionStatus; first `status`, then execution.* and step.* until the run has ended.",
  reads: { params },
  answers: { 200: { text: "Server-Sent Events, each with the execution as it stands.", media: "text/event-stream" } },
  handler: (context) => async (request, reply) => {
    const engine = context.engineOf(request);
    const id = await runOf(request, context);
    // An unknown run is a 404, not a stream without events.
    await engine.events(id, 0, 1);
    const { tenant } = request.principal;
    const events = (signal: AbortSignal) => executionEvents(engine, id, { tenant, clock: Date.now, signal });
    await sendEvents({ reply, closing: context.closing, patienceMs: context.patienceMs, events });
    return reply;
  },
};

/** The run that is meant: its clients follow a plan by the plan's id too. @throws AppError plan_not_found; run_not_found: the plan was not executed */
async function runOf(request: FastifyRequest, { plansOf }: ServerContext): Promise<string> {
  const { id } = checked(params, request.params, "path");
  if (!id.startsWith("plan_")) return id;
  const { run } = await plansOf(request).get(id);
  if (run !== null) return run;
  throw new AppError("run_not_found", { message: `Plan ${id} was not executed: there is no execution of it.` });
}

/** Runs as AxonFlow's clients know them. */
export const executionRoutes: readonly Route[] = [list, show, cancel, stream];

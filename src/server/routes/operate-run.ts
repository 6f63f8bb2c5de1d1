import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import type { Engine } from "../../engine/engine.ts";
import { approvalSignal } from "../../steps/approval.ts";
import { authorHeaders, changeBy } from "../change-by.ts";
import { checked } from "../checked.ts";
import type { Route } from "../route.ts";
import { runSchema } from "../schemas/run.ts";

const json = ["application/json"] as const;
const paramsSchema = z.object({ id: z.string() });
const idOf = (request: FastifyRequest) => checked(paramsSchema, request.params, "path").id;
const by = (request: FastifyRequest) => changeBy(request).author;

const runAnswer = { 200: { text: "The run.", schema: runSchema } };
const decidedSchema = z.strictObject({ run: z.string(), step: z.string(), approved: z.boolean() });

const cancelSchema = z.strictObject({ reason: z.string().min(1).max(1_000).optional() });

/** `POST /v1/runs/:id/cancel`: ends a run; the answer is the run as it stands then. */
export const cancelRun: Route = {
  method: "POST",
  url: "/v1/runs/:id/cancel",
  chapter: "runs",
  scope: "operate",
  summary: "End a run: calls under way are aborted, late results dropped, its child runs ended.",
  takes: json,
  reads: { params: paramsSchema, headers: authorHeaders, body: cancelSchema },
  answers: { 202: { text: "The run as it stands then.", schema: runSchema } },
  handler:
    ({ engineOf }) =>
    async (request, reply) => {
      const { reason = null } = checked(cancelSchema, request.body, "body");
      await engineOf(request).cancel(idOf(request), by(request), reason);
      return reply.code(202).send(await engineOf(request).get(idOf(request)));
    },
};

/** `POST /v1/runs/:id/pause`: nothing new starts until it is resumed. */
export const pauseRun: Route = {
  method: "POST",
  url: "/v1/runs/:id/pause",
  chapter: "runs",
  scope: "operate",
  summary: "Let a run start nothing new; what is under way goes on.",
  reads: { params: paramsSchema, headers: authorHeaders },
  answers: runAnswer,
  handler:
    ({ engineOf }) =>
    async (request) => {
      await engineOf(request).pause(idOf(request), by(request));
      return engineOf(request).get(idOf(request));
    },
};

/** `POST /v1/runs/:id/resume`: a paused run goes on. */
export const resumeRun: Route = {
  method: "POST",
  url: "/v1/runs/:id/resume",
  chapter: "runs",
  scope: "operate",
  summary: "Let a paused run go on.",
  reads: { params: paramsSchema, headers: authorHeaders },
  answers: runAnswer,
  handler:
    ({ engineOf }) =>
    async (request) => {
      await engineOf(request).resume(idOf(request), by(request));
      return engineOf(request).get(idOf(request));
    },
};

/** A signal that comes twice under one key is one, also where the process died that sent it first. */
function signalIdOf(id: string | undefined, { headers }: FastifyRequest): { readonly id?: string } {
  const key = headers["idempotency-key"];
  if (id === undefined && typeof key !== "string") return {};
  return { id: id ?? `key:${key}` };
}

const signalParams = z.object({ id: z.string(), name: z.string().min(1).max(100) });
const signalSchema = z.strictObject({ payload: z.json().optional(), id: z.string().min(1).max(200).optional() });

/** `POST /v1/runs/:id/signals/:name`: for the step that waits for it, or kept for the one that will. */
export const signalRun: Route = {
  method: "POST",
  url: "/v1/runs/:id/signals/:name",
  chapter: "runs",
  scope: "operate",
  idempotency: "answer",
  summary: "Send a run a signal: {payload?, id?}; the same id is taken once. One that comes early is kept.",
  takes: json,
  reads: { params: signalParams, headers: authorHeaders, body: signalSchema },
  answers: {
    202: { text: "It is kept.", schema: z.strictObject({ run: z.string(), signal: z.string() }) },
  },
  handler:
    ({ engineOf }) =>
    async (request, reply) => {
      const { id, name } = checked(signalParams, request.params, "path");
      const { payload = null, id: signalId } = checked(signalSchema, request.body, "body");
      await engineOf(request).signal(id, {
        name,
        payload: payload as Json,
        by: by(request),
        asker: request.principal,
        ...signalIdOf(signalId, request),
      });
      return reply.code(202).send({ run: id, signal: name });
    },
};

const wordSchema = z.strictObject({
  step: z.string().min(1).optional(),
  comment: z.string().max(10_000).optional(),
  form: z.json().optional(),
});

/** `POST /v1/runs/:id/approve`: the word that an `approval` step waits for. */
export const approveRun: Route = word("approve", true);

/** `POST /v1/runs/:id/reject`: the word that an `approval` step waits for. */
export const rejectRun: Route = word("reject", false);

function word(verb: "approve" | "reject", approved: boolean): Route {
  return {
    method: "POST",
    url: `/v1/runs/:id/${verb}`,
    chapter: "runs",
    scope: "operate",
    idempotency: "answer",
    summary: `${approved ? "Approve" : "Reject"} what an approval step waits for: {step?, comment?, form?}; who: X-Switchyard-Author.`,
    takes: json,
    reads: { params: paramsSchema, headers: authorHeaders, body: wordSchema },
    answers: { 202: { text: "It is told the step.", schema: decidedSchema } },
    handler:
      ({ engineOf }) =>
      async (request, reply) => {
        const id = idOf(request);
        const { step, comment = null, form = null } = checked(wordSchema, request.body, "body");
        const asked = await waitingStep(engineOf(request), id, step);
        const payload = { approved, by: by(request), comment, form: form as Json };
        await engineOf(request).signal(id, {
          name: approvalSignal(asked),
          payload,
          by: by(request),
          asker: request.principal,
        });
        return reply.code(202).send({ run: id, step: asked, approved });
      },
  };
}

/** The step that waits for approval: the named one, or the only one. @throws AppError run_ended, approval_not_waiting */
async function waitingStep(engine: Engine, id: string, step: string | undefined): Promise<string> {
  const { steps, status } = await engine.get(id);
  const waiting = steps.filter((one) => one.kind === "approval" && one.status === "waiting").map((one) => one.id);
  const [only, ...others] = step === undefined ? waiting : waiting.filter((one) => one === step);
  if (only !== undefined && others.length === 0) return only;
  const list =
    waiting.length > 0 ? `Waiting: ${waiting.join(", ")}.` : `No step of it waits for approval (the run is ${status}).`;
  const which = step === undefined ? "Say which step is meant." : `Step "${step}" does not wait for approval.`;
  throw new AppError("approval_not_waiting", {
    message: `${waiting.length > 0 || step ? `${which} ` : ""}${list}`,
    details: { run: id, waiting },
  });
}

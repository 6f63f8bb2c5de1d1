import { randomUUID } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { isJsonObject } from "../../core/json.ts";
import { didYouMean } from "../../core/suggest.ts";
import { checked } from "../checked.ts";
import { idempotencyKeySchema } from "../idempotency/key.ts";
import { jsonTypes } from "../media-types.ts";
import type { Route } from "../route.ts";
import { mediaSchema, type RequestAnswer } from "./ask.ts";
import { answerChat } from "./chat.ts";
import { answerExecutePlan } from "./execute-plan.ts";
import { requestProblem } from "./failure.ts";
import { answerMakePlan } from "./make-plan.ts";
import { requestAnswer } from "./schemas.ts";

const bodySchema = z.looseObject({
  query: z.string().default(""),
  request_type: z.string().min(1).default("chat"),
  client_id: z.string().nullish(),
  user_token: z.string().nullish(),
  context: z.record(z.string(), z.unknown()).nullish(),
  media: z.array(mediaSchema).max(20).nullish(),
});
const headersSchema = z.object({ "idempotency-key": idempotencyKeySchema });

const answers: Readonly<Record<string, RequestAnswer>> = {
  chat: answerChat,
  llm_chat: answerChat,
  "multi-agent-plan": answerMakePlan,
  "execute-plan": answerExecutePlan,
};

/** Requests for a call change nothing. */
function isCall(body: unknown): boolean {
  const { request_type: type = "chat" } = isJsonObject(body) ? body : {};
  return type === "chat" || type === "llm_chat";
}

/** `POST /api/request`: calls, plans and their execution, as AxonFlow's clients ask for them. */
export const axonFlowRequest: Route = {
  method: "POST",
  url: "/api/request",
  chapter: "axonflow",
  scope: "submit",
  changes: ({ body }) => (isCall(body) ? "nothing" : "something"),
  idempotency: "answer",
  summary: "AxonFlow's clients: proxyLLMCall, generatePlan, executePlan ({query, request_type, context}).",
  takes: jsonTypes,
  problem: requestProblem,
  reads: { headers: headersSchema, body: bodySchema },
  answers: { 200: { text: "The answer, in the words of AxonFlow's clients.", schema: requestAnswer } },
  handler: (context) => async (request, reply) => {
    const { "idempotency-key": idempotencyKey } = checked(headersSchema, request.headers, "headers");
    const body = checked(bodySchema, request.body, "body");
    const answer = answerOf(body.request_type);
    const { signal, done } = presence(request, reply, context.closing);
    try {
      const ask = { query: body.query, context: body.context ?? {}, media: body.media ?? [], idempotencyKey };
      return await answer({ ...ask, requestId: randomUUID(), request, reply, signal }, context);
    } finally {
      done();
    }
  },
};

function answerOf(type: string): RequestAnswer {
  const answer = Object.hasOwn(answers, type) ? answers[type] : undefined;
  if (answer) return answer;
  const known = Object.keys(answers);
  const shown = type.slice(0, 100);
  const message =
    type === "mcp-query"
      ? "request_type mcp-query is not served here: there are no connectors. An `http` step, or an `agent` step with MCP servers, does their work in a workflow."
      : `No request_type is called ${shown}. Allowed: ${known.join(", ")}.${didYouMean(shown, known)}`;
  throw new AppError("bad_request", { message, problems: [{ path: "request_type", message }] });
}

/** A signal that fires when nobody waits for the answer any more. An answer that is kept for an Idempotency-Key is waited for, for its client may come again. */
function presence(
  { turn }: FastifyRequest,
  { raw }: FastifyReply,
  closing: AbortSignal,
): { signal: AbortSignal; done: () => void } {
  if (turn) return { signal: AbortSignal.any([closing]), done: () => undefined };
  const gone = new AbortController();
  const leave = () => gone.abort();
  raw.once("close", leave);
  return { signal: AbortSignal.any([gone.signal, closing]), done: () => raw.off("close", leave) };
}

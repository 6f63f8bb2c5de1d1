import { z } from "zod";
import { type FailureClass, failureClasses } from "../../core/call.ts";
import { mayDo } from "../../core/principal.ts";
import { answered } from "../../engine/answered.ts";
import { estimateTokens } from "../../router/estimate.ts";
import { checked } from "../checked.ts";
import { idempotencyKeySchema } from "../idempotency/key.ts";
import { jsonTypes } from "../media-types.ts";
import type { Route } from "../route.ts";
import { callContextSchema, callIn, hintsIn } from "./call-context.ts";
import { resourceProblem } from "./failure.ts";
import { iso } from "./plan-body.ts";
import { approval, counted } from "./schemas.ts";

/** As long as clients take an approval for valid that names no time. */
const approvalSeconds = 300;

const preCheckSchema = z.looseObject({
  query: z.string().default(""),
  data_sources: z.array(z.string()).nullish(),
  context: z.record(z.string(), z.unknown()).nullish(),
});

const preCheck: Route = {
  method: "POST",
  url: "/api/policy/pre-check",
  chapter: "axonflow",
  scope: "submit",
  changes: "nothing",
  idempotency: "answer",
  summary: "AxonFlow's clients: preCheck, before a call of their own ({query, context}).",
  takes: jsonTypes,
  problem: resourceProblem,
  reads: { body: preCheckSchema },
  answers: { 200: { text: "Whether the call may be made, and whom the router would take.", schema: approval } },
  handler:
    ({ router }) =>
    async (request) => {
      const { query, context: given } = checked(preCheckSchema, request.body, "body");
      const context = checked(callContextSchema, given ?? {}, "context");
      const { inputTokens } = estimateTokens(callIn(query, context));
      const { tenant } = request.principal;
      const asked = { hints: hintsIn(context), inputTokens, maxTokens: context.max_tokens };
      const admission = await answered(() =>
        router.admit({ ...asked, seconds: approvalSeconds, tenant, workflow: null }),
      );
      const { contextId, target, alternatives, refusal, expiresAt, decision } = admission;
      // A refusal holds nothing: the same key may ask again.
      if (!target) await request.turn?.free();
      return {
        context_id: contextId,
        approved: target !== null,
        requires_redaction: false,
        approved_data: { query },
        policies: [],
        expires_at: iso(expiresAt),
        ...(refusal ? { block_reason: refusal.error.message } : {}),
        target,
        alternatives,
        reason: refusal ? refusal.error.message : decision.reason,
      };
    },
};

const count = z.number().min(0).max(1e9).transform(Math.round).nullish();
const isClass = (text: unknown): text is FailureClass => failureClasses.some((one) => one === text);
const auditSchema = z.looseObject({
  context_id: z.string().min(1).max(200),
  provider: z.string().min(1).max(200),
  model: z.string().max(200).nullish(),
  response_summary: z.string().nullish(),
  token_usage: z.looseObject({ prompt_tokens: count, completion_tokens: count, total_tokens: count }).nullish(),
  latency_ms: z.number().min(0).max(86_400_000).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
});
const headersSchema = z.object({ "idempotency-key": idempotencyKeySchema });

const audit: Route = {
  method: "POST",
  url: "/api/audit/llm-call",
  chapter: "axonflow",
  scope: "submit",
  changes: "nothing",
  idempotency: "own",
  summary: "AxonFlow's clients: auditLLMCall, after a call of their own; it counts in health, limits and costs, once.",
  takes: jsonTypes,
  problem: resourceProblem,
  reads: { headers: headersSchema, body: auditSchema },
  answers: { 200: { text: "The call is counted.", schema: counted } },
  handler:
    ({ router }) =>
    async (request) => {
      const { "idempotency-key": key = null } = checked(headersSchema, request.headers, "headers");
      const body = checked(auditSchema, request.body, "body");
      const { token_usage: usage, metadata } = body;
      const failure = metadata?.failure_class;
      const reported = await answered(() =>
        router.report({
          tenant: request.principal.tenant,
          isOperator: mayDo(request.principal, "operate"),
          contextId: body.context_id,
          idempotencyKey: key,
          provider: body.provider.toLowerCase(),
          ...(body.model ? { model: body.model } : {}),
          // Its clients have no word for a call that failed; those that tell it do so here.
          ...(isClass(failure) ? { failure: { class: failure, status: null, message: "", retryAfterMs: null } } : {}),
          usage: usage
            ? {
                inputTokens: usage.prompt_tokens ?? null,
                outputTokens: usage.completion_tokens ?? null,
                cachedInputTokens: null,
                reasoningTokens: null,
              }
            : null,
          durationMs: body.latency_ms ?? 0,
          firstTokenMs: null,
        }),
      );
      return { success: true, audit_id: reported.reportId, counted: reported.counted, cost_usd: reported.costUsd };
    },
};

/** Gateway mode as AxonFlow's clients know it. */
export const gatewayRoutes: readonly Route[] = [preCheck, audit];

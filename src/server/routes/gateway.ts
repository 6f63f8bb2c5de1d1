import { z } from "zod";
import { failureClasses } from "../../core/call.ts";
import { mayDo } from "../../core/principal.ts";
import { fullName } from "../../core/tenant.ts";
import type { Admission } from "../../router/gateway.ts";
import { checked } from "../checked.ts";
import { hintsSchema } from "../hints.ts";
import { idempotencyKeySchema } from "../idempotency/key.ts";
import { jsonTypes } from "../media-types.ts";
import type { Route } from "../route.ts";

const name = z.string().min(1).max(200);
const workflow = name.regex(/^[^/]+$/, "must be a workflow's name, without a slash.");
const preCheckSchema = z.strictObject({
  provider: name.optional(),
  model: name.optional(),
  hints: hintsSchema.optional(),
  tokens: z.int().min(0).max(1e9).optional(),
  max_tokens: z.int().min(1).max(1e9).optional(),
  workflow: workflow.optional(),
  seconds: z.int().min(1).max(3_600).default(300),
});
const targetSchema = z.strictObject({ provider: z.string(), model: z.string() });
const preCheckAnswer = z.strictObject({
  context_id: z.string(),
  approved: z.boolean(),
  target: targetSchema.nullable(),
  alternatives: z.array(targetSchema),
  estimated_cost_usd: z.number().nullable(),
  reason: z.string(),
  code: z.string().optional(),
  retry_after_ms: z.number().optional(),
  expires_at: z.iso.datetime(),
});

/** `POST /v1/gateway/pre-check`: whom to call, for an application that makes its calls itself. A place in the limits is held for it. */
export const gatewayPreCheck: Route = {
  method: "POST",
  url: "/v1/gateway/pre-check",
  chapter: "gateway",
  scope: "submit",
  changes: "nothing",
  idempotency: "answer",
  summary:
    "Before a call of your own: which target the router would take now ({provider, model, hints, tokens, max_tokens, workflow, seconds}).",
  takes: jsonTypes,
  reads: { body: preCheckSchema },
  answers: { 200: { text: "Whom to call, or why nobody.", schema: preCheckAnswer } },
  handler:
    ({ router }) =>
    async (request): Promise<z.infer<typeof preCheckAnswer>> => {
      const body = checked(preCheckSchema, request.body, "body");
      const { tenant } = request.principal;
      const { provider, model, tokens, max_tokens: maxTokens, seconds } = body;
      const admission = await router.admit({
        hints: { ...(provider ? { provider } : {}), ...(model ? { model } : {}), ...body.hints },
        inputTokens: tokens,
        maxTokens,
        seconds,
        tenant,
        workflow: body.workflow === undefined ? null : fullName(tenant, body.workflow),
      });
      // A refusal holds nothing: the same key may ask again.
      if (!admission.target) await request.turn?.free();
      return preCheckBody(admission);
    },
};

function preCheckBody(admission: Admission): z.infer<typeof preCheckAnswer> {
  const { contextId, target, alternatives, decision, costUsd, refusal, expiresAt } = admission;
  return {
    context_id: contextId,
    approved: target !== null,
    target: target && { provider: target.provider, model: target.model },
    alternatives: [...alternatives],
    estimated_cost_usd: costUsd,
    reason: refusal ? refusal.error.message : decision.reason,
    ...(refusal ? { code: refusal.error.code } : {}),
    ...(refusal && refusal.retryAfterMs !== null ? { retry_after_ms: refusal.retryAfterMs } : {}),
    expires_at: new Date(expiresAt).toISOString(),
  };
}

const tokens = z.int().min(0).max(1e9).nullable().default(null);
const ms = z.number().min(0).max(86_400_000);
const auditSchema = z
  .strictObject({
    context_id: name.optional(),
    provider: name.optional(),
    model: name.optional(),
    usage: z
      .strictObject({
        input_tokens: tokens,
        output_tokens: tokens,
        cached_input_tokens: tokens,
        reasoning_tokens: tokens,
      })
      .optional(),
    latency_ms: ms,
    first_token_ms: ms.optional(),
    ok: z.boolean().optional(),
    failure: z
      .strictObject({
        class: z.enum(failureClasses),
        status: z.int().min(100).max(599).optional(),
        message: z.string().max(2_000).default(""),
        retry_after_ms: ms.max(3_600_000).optional(),
      })
      .optional(),
    workflow: workflow.optional(),
  })
  .superRefine(({ context_id: context, provider, ok, failure }, issues) => {
    if (context === undefined && provider === undefined) {
      issues.addIssue({
        code: "custom",
        path: ["provider"],
        message: "say `provider`, or the `context_id` of a pre-check.",
      });
    }
    if (ok === false && !failure) {
      issues.addIssue({
        code: "custom",
        path: ["failure"],
        message: "say the `class` of the failure, since `ok` is false.",
      });
    }
    if (ok === true && failure) {
      issues.addIssue({ code: "custom", path: ["ok"], message: "must not be true where there is a `failure`." });
    }
  });
const auditAnswer = z.strictObject({
  audit_id: z.string(),
  counted: z.boolean(),
  provider: z.string(),
  model: z.string(),
  cost_usd: z.number().nullable(),
});
const headersSchema = z.object({ "idempotency-key": idempotencyKeySchema });

/** `POST /v1/gateway/audit`: what became of a call that an application made itself; it counts in health, limits and costs, once. */
export const gatewayAudit: Route = {
  method: "POST",
  url: "/v1/gateway/audit",
  chapter: "gateway",
  scope: "submit",
  changes: "nothing",
  idempotency: "own",
  summary:
    "After a call of your own: {context_id, provider, model, usage, latency_ms, first_token_ms, failure, workflow}. Counted once per context or Idempotency-Key.",
  takes: jsonTypes,
  reads: { headers: headersSchema, body: auditSchema },
  answers: { 200: { text: "The call as it was counted.", schema: auditAnswer } },
  handler:
    ({ router }) =>
    async (request): Promise<z.infer<typeof auditAnswer>> => {
      const { "idempotency-key": key = null } = checked(headersSchema, request.headers, "headers");
      const body = checked(auditSchema, request.body, "body");
      const { tenant } = request.principal;
      const { usage, failure } = body;
      const { reportId, counted, provider, model, costUsd } = await router.report({
        tenant,
        isOperator: mayDo(request.principal, "operate"),
        contextId: body.context_id ?? null,
        idempotencyKey: key,
        provider: body.provider,
        model: body.model,
        ...(failure
          ? { failure: { ...failure, status: failure.status ?? null, retryAfterMs: failure.retry_after_ms ?? null } }
          : {}),
        usage: usage
          ? {
              inputTokens: usage.input_tokens,
              outputTokens: usage.output_tokens,
              cachedInputTokens: usage.cached_input_tokens,
              reasoningTokens: usage.reasoning_tokens,
            }
          : null,
        durationMs: body.latency_ms,
        firstTokenMs: body.first_token_ms ?? null,
        ...(body.workflow === undefined ? {} : { workflow: fullName(tenant, body.workflow) }),
      });
      return { audit_id: reportId, counted, provider, model, cost_usd: costUsd };
    },
};

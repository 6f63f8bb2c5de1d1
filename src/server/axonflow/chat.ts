import type { Served } from "../../core/call.ts";
import { AppError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { RouteOutcome } from "../../router/router.ts";
import { checked } from "../checked.ts";
import { vendorKey } from "../idempotency/key.ts";
import type { AxonFlowAsk, RequestAnswer } from "./ask.ts";
import { type CallImages, callContextSchema, callIn, hintsIn } from "./call-context.ts";
import { asError } from "./failure.ts";

/** No client of theirs waits so long; whoever goes away ends the call. */
const longestMs = 600_000;

/** `proxyLLMCall`: one routed call. `provider_info` tells who has really answered. */
export const answerChat: RequestAnswer = async (ask, { router }) => {
  const { query, requestId, request, signal } = ask;
  const context = checked(callContextSchema, ask.context, "context");
  if (query.trim() === "") {
    const message = "`query` is empty: it is what the model is asked.";
    throw new AppError("bad_request", { message, problems: [{ path: "query", message }] });
  }
  const begun = performance.now();
  const { tenant } = request.principal;
  const outcome = await router.call(callIn(query, context, imagesIn(ask)), {
    hints: hintsIn(context),
    signal,
    idempotencyKey: ask.idempotencyKey === undefined ? requestId : vendorKey(tenant, ask.idempotencyKey),
    deadline: Date.now() + longestMs,
    tenant,
  });
  if (outcome.type !== "answered") throw asError(outcome.error);
  const tookMs = Math.round(performance.now() - begun);
  return {
    success: true,
    blocked: false,
    request_id: requestId,
    data: outcome.answer.text,
    metadata: { provider_info: providerInfo(outcome.served, tookMs), routing: routingOf(outcome) },
    policy_info: policyInfo(tenant),
  };
};

/** Who served, in the words of AxonFlow's clients. */
function providerInfo({ provider, modelServed, modelAsked, usage, costUsd }: Served, tookMs: number): JsonObject {
  const { inputTokens, outputTokens } = usage;
  return {
    provider,
    model: modelServed,
    model_asked: modelAsked,
    response_time_ms: tookMs,
    tokens_used: (inputTokens ?? 0) + (outputTokens ?? 0),
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    cost: costUsd,
  };
}

/** Why it was that provider, and who was asked before it. */
function routingOf({ decision, calls }: Extract<RouteOutcome, { type: "answered" }>): JsonObject {
  return {
    strategy: decision.strategy,
    reason: decision.reason,
    calls: calls.map(({ provider, model, ok, failure, durationMs }) => ({
      provider,
      model,
      ok,
      ...(failure ? { failure: failure.class } : {}),
      duration_ms: durationMs,
    })),
  };
}

/** There are no policies here: none was evaluated. */
function policyInfo(tenant: string): JsonObject {
  return { policies_evaluated: [], static_checks: [], processing_time: "0ms", tenant_id: tenant };
}

function imagesIn({ media }: AxonFlowAsk): CallImages {
  return media.map(({ base64_data: base64, mime_type: mediaType }, i) => {
    if (base64 !== undefined) return { base64, mediaType };
    const message = `media.${i} has no base64_data; pictures are not fetched from addresses.`;
    throw new AppError("bad_request", { message, problems: [{ path: `media.${i}`, message }] });
  });
}

import type { CallRecord, Served } from "../../src/core/call.ts";
import type { EventBody, RunEvent } from "../../src/core/run.ts";

const usage = { inputTokens: 100, outputTokens: 20, cachedInputTokens: null, reasoningTokens: null };

/** A call of a test's history. @param at start, which tells calls apart. */
export function call(provider: string, at: number, failure?: CallRecord["failure"]): CallRecord {
  const common = { provider, model: `${provider}-model`, startedAt: at, durationMs: 50 };
  return failure ? { ...common, ok: false, failure, costUsd: null } : { ...common, ok: true, usage, costUsd: 0.002 };
}

/** Nobody listened. */
export const refused = { class: "network", status: null, message: "connect ECONNREFUSED 127.0.0.1:1" } as const;

/** Who answered. */
export function served(provider: string): Served {
  return { provider, modelAsked: null, modelServed: `${provider}-model`, usage, costUsd: 0.002 };
}

/** Bodies as a history: numbered from 1, 100 ms apart from 1000. */
export function history(...bodies: readonly EventBody[]): RunEvent[] {
  return bodies.map((body, i) => ({ seq: i + 1, at: 1_000 + i * 100, ...body }));
}

const failedCall = call("openai", 1_310, refused);

/** A run of two steps; openai is down when the second one is made, anthropic serves it. */
export const failedOver: readonly RunEvent[] = history(
  { type: "run.created", workflow: "report", version: 3 },
  { type: "run.started" },
  { type: "step.queued", step: "classify" },
  { type: "step.started", step: "classify", attempt: 1, worker: "w" },
  { type: "step.succeeded", step: "classify", attempt: 1, served: served("openai"), calls: [call("openai", 1_300)] },
  { type: "step.queued", step: "timeline" },
  { type: "step.started", step: "timeline", attempt: 1, worker: "w" },
  { type: "call.failed", step: "timeline", attempt: 1, call: failedCall },
  {
    type: "step.succeeded",
    step: "timeline",
    attempt: 1,
    served: served("anthropic"),
    calls: [failedCall, call("anthropic", 1_400)],
  },
  { type: "run.succeeded" },
);

/** What the step of {@link failed} failed with. */
export const reason = "openai (openai-model) failed: network: connect ECONNREFUSED 127.0.0.1:1";

/** A run of three steps: the first is skipped, the second fails, the third is not reached. */
export const failed: readonly RunEvent[] = history(
  { type: "run.created", workflow: "report", version: 3 },
  { type: "step.skipped", step: "classify" },
  { type: "step.started", step: "timeline", attempt: 1, worker: "w" },
  {
    type: "step.retrying",
    step: "timeline",
    attempt: 1,
    error: { code: "provider_failed", message: reason },
    delayMs: 100,
    calls: [failedCall],
  },
  { type: "step.started", step: "timeline", attempt: 2, worker: "w" },
  {
    type: "step.failed",
    step: "timeline",
    attempt: 2,
    error: { code: "provider_failed", message: reason },
    calls: [call("openai", 1_410, refused)],
  },
  {
    type: "run.failed",
    error: { code: "provider_failed", message: `Step "timeline": ${reason}`, details: { step: "timeline" } },
  },
);

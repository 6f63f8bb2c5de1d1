import type { CallRecord } from "../core/call.ts";
import { partsOf } from "../providers/parts.ts";
import type { LivePrice } from "../providers/prices.ts";
import {
  CallFailure,
  type CallOptions,
  type LlmAnswer,
  type LlmRequest,
  type Provider,
} from "../providers/provider.ts";
import type { AnswerPart } from "../providers/wire.ts";
import { asUsage, type Estimate } from "./estimate.ts";
import type { Target } from "./target.ts";
import { Written } from "./written.ts";

/** One call to be made. */
export interface CallPlan {
  readonly target: Target;
  readonly provider: Provider;
  readonly key: string;
  readonly request: LlmRequest;
  readonly estimate: Estimate;
  /** The price that is in force now. */
  readonly perThousand: LivePrice;
  readonly signal: AbortSignal;
  readonly idempotencyKey: string;
  /** Epoch milliseconds; a call that the caller's signal ends after it has timed out. */
  readonly deadline: number;
  readonly clock: () => number;
  /** Told of each sign of life of the model, and of each piece of its text. With either of them the answer is streamed. */
  readonly onActivity?: () => void;
  readonly onText?: (text: string) => void;
  /** Given: the answer is streamed, and each piece of it told. One that comes whole is told in pieces all the same, unless it goes to its client as it came. */
  readonly onPart?: (part: AnswerPart) => void;
  readonly pace?: CallOptions["pace"];
  readonly role?: CallRecord["role"];
}

/** What became of a call. */
export type CallResult =
  | { readonly ok: true; readonly record: CallRecord; readonly answer: LlmAnswer }
  | { readonly ok: false; readonly record: CallRecord; readonly failure: CallFailure };

/** Makes one call and keeps its record. Throws nothing. */
export async function makeCall(plan: CallPlan): Promise<CallResult> {
  const { target, provider, key, clock, role, perThousand } = plan;
  const startedAt = clock();
  const written = new Written();
  const parts = telling(plan.onPart, written);
  const { onText } = plan;
  const tellText = (text: string) => {
    // With parts, the same text is among them.
    if (!plan.onPart) written.text(text);
    onText?.(text);
  };
  const price = provider.price(target.model, perThousand);
  const head = {
    provider: target.provider,
    model: target.model,
    key,
    startedAt,
    ...(role ? { role } : {}),
    ...(price ? { price } : {}),
  };
  try {
    const { signal, idempotencyKey } = plan;
    const answer = await provider.call(plan.request, {
      model: target.model,
      key,
      signal,
      idempotencyKey,
      ...(plan.onActivity ? { onActivity: plan.onActivity } : {}),
      ...(onText ? { onDelta: tellText } : {}),
      ...(plan.onPart ? { onPart: parts.tell } : {}),
      ...(plan.pace ? { pace: plan.pace } : {}),
    });
    parts.ended(answer);
    const record: CallRecord = {
      ...head,
      ok: true,
      durationMs: clock() - startedAt,
      usage: answer.usage,
      costUsd: provider.costUsd(target.model, answer.usage, perThousand),
      ...(answer.warnings.length > 0 ? { warnings: answer.warnings } : {}),
    };
    return { ok: true, record, answer };
  } catch (error) {
    const failure = atDeadline(toFailure(error), plan);
    const record: CallRecord = {
      ...head,
      ok: false,
      failure: { class: failure.class, status: failure.httpStatus, message: failure.message },
      durationMs: clock() - startedAt,
      ...(failure.class === "cancelled" ? lost(plan, written.tokens) : { costUsd: null }),
    };
    return { ok: false, record, failure };
  }
}

/** Passes pieces on, and those of an answer that came whole. */
function telling(onPart: CallPlan["onPart"], written: Written) {
  let hasTold = false;
  return {
    tell(part: AnswerPart) {
      hasTold = true;
      written.part(part);
      onPart?.(part);
    },
    ended(answer: LlmAnswer) {
      if (!onPart || hasTold || answer.wire) return;
      for (const part of partsOf(answer)) onPart(part);
    },
  };
}

/**
 * What an aborted call probably used: its input was read, and what it had written until then was heard, where it was streamed. Its tokens count also where their price is
 * unknown. @param outputTokens that were heard
 */
function lost(
  { provider, target, estimate, perThousand }: CallPlan,
  outputTokens: number,
): Partial<CallRecord> & { costUsd: number | null } {
  const usage = asUsage({ inputTokens: estimate.inputTokens, outputTokens });
  return { usage, costUsd: provider.costUsd(target.model, usage, perThousand), estimated: true };
}

function toFailure(error: unknown): CallFailure {
  if (error instanceof CallFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new CallFailure("malformed", `The provider's code failed: ${message}`, { cause: error });
}

/** The caller's signal fires at the deadline too; then it is the provider that was slow. */
function atDeadline(failure: CallFailure, { clock, deadline }: CallPlan): CallFailure {
  if (failure.class !== "cancelled" || clock() < deadline) return failure;
  return new CallFailure("timeout", "The call was still going on when its time was over.", { cause: failure });
}

import { type Chance, drawFrom } from "./chance.ts";
import type { Outage, RehearsedFailure, ScenarioProvider } from "./scenario.ts";

/** What a simulated provider makes of one call. */
export interface VendorAnswer {
  /** Null: it answers. */
  readonly failure: RehearsedFailure | null;
  /** Milliseconds from the call to its end, whole, at least 1. */
  readonly durationMs: number;
  /** Milliseconds to the first token of an answer; null: it fails. */
  readonly firstTokenMs: number | null;
  readonly retryAfterMs: number | null;
}

/** The other end of the line: a provider of the scenario with its luck. */
export interface Vendor {
  /** @param atMs milliseconds from the scenario's beginning, never less than at the call before @param inputTokens of the request */
  call(atMs: number, inputTokens: number): VendorAnswer;
}

const minuteMs = 60_000;

/** @param chance its own: each call takes the same count of numbers from it, whatever becomes of the call */
export function createVendor(provider: ScenarioProvider, chance: Chance): Vendor {
  const { requestsPerMinute, timeoutMs, errors, contextWindow } = provider;
  let minute = -1;
  let inMinute = 0;

  const isOverLimit = (atMs: number): boolean => {
    const current = Math.floor(atMs / minuteMs);
    if (current !== minute) inMinute = 0;
    minute = current;
    inMinute++;
    return requestsPerMinute !== null && inMinute > requestsPerMinute;
  };

  const failed = (failure: RehearsedFailure, answerMs: number, effect: Partial<FailureEffect> = {}): VendorAnswer => {
    const own = failure === "timeout" ? timeoutMs : failure === "malformed" ? answerMs : provider.errorAfterMs;
    return {
      failure,
      durationMs: whole(Math.min(effect.afterMs ?? own, timeoutMs)),
      firstTokenMs: null,
      retryAfterMs: failure === "rate_limited" ? (effect.retryAfterMs ?? provider.retryAfterMs) : null,
    };
  };

  return {
    call(atMs, inputTokens) {
      const plainMs = drawFrom(provider.latency, chance);
      const meets = chance();
      const luck = chance();
      const outage = provider.outages.find((one) => atMs >= one.fromMs && atMs < one.toMs);
      const effect = outage && meets < outage.share ? outage.effect : undefined;
      if (effect?.type === "fails") return failed(effect.class, plainMs, effect);
      if (isOverLimit(atMs)) {
        const restMs = (minute + 1) * minuteMs - atMs - provider.errorAfterMs;
        const retryAfterMs = provider.retryAfterMs ?? Math.max(0, restMs);
        return failed("rate_limited", plainMs, { retryAfterMs });
      }
      if (contextWindow !== null && inputTokens > contextWindow) return failed("context_length", plainMs);
      const answerMs = plainMs * (effect?.factor ?? 1);
      const error = classAt(errors, luck);
      if (error) return failed(error, answerMs);
      if (answerMs >= timeoutMs) return failed("timeout", answerMs);
      const durationMs = whole(answerMs);
      return {
        failure: null,
        durationMs,
        firstTokenMs: whole(durationMs * provider.firstTokenShare),
        retryAfterMs: null,
      };
    },
  };
}

type FailureEffect = Pick<Extract<Outage["effect"], { type: "fails" }>, "afterMs" | "retryAfterMs">;

function classAt(errors: ScenarioProvider["errors"], luck: number): RehearsedFailure | undefined {
  let below = 0;
  for (const error of errors) {
    below += error.share;
    if (luck < below) return error.class;
  }
  return undefined;
}

function whole(ms: number): number {
  return Math.max(1, Math.round(ms));
}

import type { Decision, FailureClass, Hints, Usage } from "../core/call.ts";
import type { ErrorRecord } from "../core/errors.ts";
import type { Booked } from "./fleet.ts";
import type { Target } from "./target.ts";

/*
 * Gateway mode: an application that calls a provider itself asks before the call (`admit`) and reports after it (`report`). In between, a context in Redis keeps
 * what was booked for it.
 */

/** Somebody is about to make a call. */
export interface AdmitRequest {
  readonly hints: Hints;
  /** Of the prompt. Default 500. */
  readonly inputTokens?: number;
  /** Most of the answer. Default 1000. */
  readonly maxTokens?: number;
  /** How long the call may take; so long its place in the limits is held for it. */
  readonly seconds: number;
  readonly tenant: string;
  /** For the sums of costs. Null: somebody asks directly. */
  readonly workflow: string | null;
}

/** Whom to call, or why nobody. */
export interface Admission {
  readonly contextId: string;
  /** Null: nobody may be called now. */
  readonly target: Target | null;
  /** Whom the router would call next if that one failed, in order. */
  readonly alternatives: readonly Target[];
  readonly decision: Decision;
  /** What the call will probably cost; null: the price is unknown. */
  readonly costUsd: number | null;
  /** Set where the target is null. */
  readonly refusal: { readonly error: ErrorRecord; readonly retryAfterMs: number | null } | null;
  /** Epoch milliseconds until which the place is held. */
  readonly expiresAt: number;
}

/** What is kept of an admission until its call is reported. */
export interface GatewayContext {
  readonly id: string;
  readonly target: Target | null;
  /** Token of the probe that the call is, or empty. */
  readonly probe: string;
  readonly booked: Booked | null;
  readonly workflow: string | null;
}

/** A call that somebody made himself. */
export interface ReportedCall {
  readonly tenant: string;
  /** Whether the reporter may move health as he says (he operates the fleet). Others move it once for each call that was admitted. */
  readonly isOperator: boolean;
  /** Its admission. Null: he did not ask. */
  readonly contextId: string | null;
  /** The same key is counted once. Null: the same context is. */
  readonly idempotencyKey: string | null;
  /** Default: that of the context. */
  readonly provider?: string;
  /** As the provider knows it. Default: that of the context, else the provider's own. */
  readonly model?: string;
  /** Absent: it was answered. */
  readonly failure?: {
    readonly class: FailureClass;
    readonly status: number | null;
    readonly message: string;
    /** How long the provider asked to be left alone. */
    readonly retryAfterMs: number | null;
  };
  /** Null: the provider did not say. */
  readonly usage: Usage | null;
  readonly durationMs: number;
  /** Null: it was not streamed, so the whole time counts. */
  readonly firstTokenMs: number | null;
  /** For the sums of costs. Default: that of the context. */
  readonly workflow?: string;
}

/** What became of a report. */
export interface Reported {
  /** The same for each report of the same call. */
  readonly reportId: string;
  /** False: it was counted before. */
  readonly counted: boolean;
  readonly provider: string;
  readonly model: string;
  /** USD; null: the price or the usage is unknown. */
  readonly costUsd: number | null;
}

/** Label of the key in the sums of costs: applications call with keys of their own. */
export const gatewayKey = "gateway";

/** Names that key in shared state. A refused one says nothing about ours. */
export function gatewayKeyField(provider: string): string {
  return `${provider}:${gatewayKey}`;
}

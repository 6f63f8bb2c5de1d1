import type { RoutingSettings } from "../config/settings.ts";
import type { BudgetStanding } from "../core/budget.ts";
import type { CallRecord, Decision, Hints, Served } from "../core/call.ts";
import type { ErrorRecord } from "../core/errors.ts";
import type { AnswerPiece } from "../core/live.ts";
import type { ExplainRequest, Explanation, ShadowSummary } from "../core/routing.ts";
import type { Spend } from "../core/spend.ts";
import type { CallOptions, LlmAnswer, LlmRequest } from "../providers/provider.ts";
import type { AnswerPart } from "../providers/wire.ts";
import type { CheckResult } from "./check.ts";
import type { Admission, AdmitRequest, Reported, ReportedCall } from "./gateway.ts";
import type { ModelOffer } from "./model-hints.ts";
import type { Target } from "./target.ts";

/** How a routed request is made. */
export interface RouteOptions {
  readonly hints: Hints;
  readonly signal: AbortSignal;
  /** Prefix of the idempotency key of each call: `{prefix}-{n}`, n from 1 over the request's calls. */
  readonly idempotencyKey: string;
  /** Epoch milliseconds after which no further call is begun. */
  readonly deadline: number;
  /** Providers that failed the attempt before: tried last, so that one which only stalls cannot use up every attempt. */
  readonly avoid?: readonly string[];
  /** Run whose steps stay with one provider, where the settings say `affinity: run`. */
  readonly affinity?: string;
  /** Who pays, for the sums of costs and for budgets. Default: the default tenant. */
  readonly tenant?: string;
  /** Workflow whose step asks, by its full name, for the sums of costs and for budgets. Absent: somebody asks directly. */
  readonly workflow?: string;
  /** True: while nobody may be called, the request waits within its deadline. Default: it ends as `unavailable`. */
  readonly wait?: boolean;
  /** Given: answers are streamed, and each piece is told at once. `restarted` says that the pieces of that call are no answer. */
  readonly onPiece?: (piece: AnswerPiece) => void;
  /**
   * Given: the answer is streamed to somebody who cannot take anything back. Each part is told at once; from the first one on, no other target is called: an
   * answer that breaks then ends the request as `failed`.
   */
  readonly onPart?: (part: AnswerPart, origin: PartOrigin) => void;
  /** As {@link CallOptions.pace}: whether whoever is told the parts is behind. */
  readonly pace?: CallOptions["pace"];
  /** Told of each failed call as soon as it failed, before the next one is begun. */
  readonly onCallFailed?: (call: CallRecord) => void;
}

/** Whose part of an answer it is. */
export interface PartOrigin extends Target {
  /** Number of the call within the request, from 1. */
  readonly call: number;
  readonly decision: Decision;
}

/** What became of a routed request. Expected outcomes are values; only programming errors are thrown. */
export type RouteOutcome =
  | {
      readonly type: "answered";
      readonly answer: LlmAnswer;
      readonly served: Served;
      readonly calls: readonly CallRecord[];
      readonly decision: Decision;
    }
  | {
      /** The request itself is at fault (or was cancelled): repeating it helps nobody. */
      readonly type: "rejected";
      readonly error: ErrorRecord;
      readonly calls: readonly CallRecord[];
      readonly decision?: Decision;
    }
  | {
      /** Every target was tried and failed, or the budget of calls is spent: another attempt may do better. */
      readonly type: "failed";
      readonly error: ErrorRecord;
      readonly calls: readonly CallRecord[];
      readonly decision: Decision;
    }
  | {
      /** Nobody may be called now. */
      readonly type: "unavailable";
      readonly error: ErrorRecord;
      /** Milliseconds until the first target may be called again. */
      readonly retryAfterMs: number;
      readonly calls: readonly CallRecord[];
      readonly decision: Decision;
    };

/** Chooses a target for each request, calls it, falls over to the next, and keeps the fleet's health in Redis. */
export interface Router {
  call(request: LlmRequest, options: RouteOptions): Promise<RouteOutcome>;
  /** What would be decided for such a request now, without making a call. @throws AppError as {@link checkHints} */
  explain(request: ExplainRequest): Promise<Explanation>;
  /**
   * Chooses a target for a call that the asker makes himself, and books its place until he reports it. Rejects while Redis is away.
   * @throws AppError no_provider, and as {@link checkHints}
   */
  admit(request: AdmitRequest): Promise<Admission>;
  /**
   * Counts a call that somebody made himself: in health, limits and costs, once. Rejects while Redis is away.
   * @throws AppError unknown_provider, bad_request (no provider), gateway_context_not_found, idempotency_conflict
   */
  report(call: ReportedCall): Promise<Reported>;
  /** Asks a provider whether it is up, without a request to serve, and records what came of it. Throws nothing. */
  check(provider: string): Promise<CheckResult>;
  /** What requests are routed by now: the settings of this process, with what was set at run time laid over them. */
  routing(): Promise<RoutingSettings>;
  /** Checks hints without making a call. @throws AppError unknown_provider, strict_needs_provider, bad_request (unknown strategy) */
  checkHints(hints: Hints): void;
  /** What a model's name as clients write it asks for: `auto`, an alias, `PROVIDER/MODEL`. @throws AppError unknown_provider */
  modelHints(model: string): Pick<Hints, "provider" | "model">;
  /** Models and aliases that requests may name, by what is enabled now. */
  models(): Promise<readonly ModelOffer[]>;
  /** How every budget stands; one that each tenant, workflow or provider has for its own: for each that has spent something. */
  budgets(): Promise<readonly BudgetStanding[]>;
  /** What mirrored requests have shown, one line for each pair of targets. */
  shadows(): Promise<readonly ShadowSummary[]>;
  /** What the fleet's calls have used. @param from first day @param to last day, as `2026-11-22` by UTC */
  spend(from: string, to: string): Promise<readonly Spend[]>;
  close(): Promise<void>;
}

/** Calls that one request may make where its hints do not say, failed ones included. */
export const defaultMaxCalls = 6;

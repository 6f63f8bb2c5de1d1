import type { FailureClass, Hints, Usage } from "../core/call.ts";
import { type Asker, askerHeaders } from "./asker.ts";
import type { Http } from "./http.ts";

/** A call that somebody is about to make himself. */
export interface PreCheck {
  readonly provider?: string;
  readonly model?: string;
  readonly hints?: Hints;
  /** Of the prompt. Default 500. */
  readonly tokens?: number;
  /** Most of the answer. Default 1000. */
  readonly maxTokens?: number;
  /** A name for the sums of costs. */
  readonly workflow?: string;
  /** How long the call may take; so long its place in the limits is held. Default 300, max 3600. */
  readonly seconds?: number;
}

/** Whom to call, or why nobody. */
export interface PreChecked {
  /** To be named in the report. */
  readonly contextId: string;
  readonly approved: boolean;
  /** Null: nobody may be called now. */
  readonly target: GatewayTarget | null;
  /** Whom the router would call next, in order. */
  readonly alternatives: readonly GatewayTarget[];
  readonly estimatedCostUsd: number | null;
  readonly reason: string;
  /** Of the error that a request would end with; absent where it is approved. */
  readonly code?: string;
  readonly retryAfterMs?: number;
  /** Epoch milliseconds until which the place is held. */
  readonly expiresAt: number;
}

/** Whom to call. */
export interface GatewayTarget {
  readonly provider: string;
  readonly model: string;
}

/** What became of a call that somebody made himself. Either `contextId` or `provider` is there. */
export interface CallReport {
  readonly contextId?: string;
  /** Default: whom the pre-check named. */
  readonly provider?: string;
  readonly model?: string;
  readonly usage?: Partial<Usage>;
  readonly latencyMs: number;
  readonly firstTokenMs?: number;
  /** Absent: it was answered. */
  readonly failure?: {
    readonly class: FailureClass;
    readonly status?: number;
    readonly message?: string;
    readonly retryAfterMs?: number;
  };
  readonly workflow?: string;
}

/** The call as it was counted. */
export interface AuditedCall {
  readonly auditId: string;
  /** False: it was counted before. */
  readonly counted: boolean;
  readonly provider: string;
  readonly model: string;
  readonly costUsd: number | null;
}

/** Gateway mode: an application that calls its providers itself asks before a call and reports after it. Failures as those of the client. */
export class GatewayClient {
  readonly #http: Http;

  /** @param http of the server */
  constructor(http: Http) {
    this.#http = http;
  }

  /** Which target the router would take now; a place in its limits is held. @throws AppError bad_request, unknown_provider, redis_unavailable */
  async preCheck(request: PreCheck = {}, asker: Asker = {}): Promise<PreChecked> {
    const { maxTokens, ...rest } = request;
    const answer = await this.#post<WirePreChecked>("pre-check", { ...rest, max_tokens: maxTokens }, asker);
    const { context_id, estimated_cost_usd, retry_after_ms, expires_at, ...said } = answer;
    return {
      ...said,
      contextId: context_id,
      estimatedCostUsd: estimated_cost_usd,
      expiresAt: Date.parse(expires_at),
      ...(retry_after_ms === undefined ? {} : { retryAfterMs: retry_after_ms }),
    };
  }

  /** Reports a call; it counts in health, limits and costs, once for its context or key. @throws AppError bad_request, gateway_context_not_found, idempotency_conflict, redis_unavailable */
  async audit(report: CallReport, asker: Asker = {}): Promise<AuditedCall> {
    const { contextId, usage, latencyMs, firstTokenMs, failure, ...rest } = report;
    const body = {
      ...rest,
      context_id: contextId,
      latency_ms: latencyMs,
      first_token_ms: firstTokenMs,
      usage: usage && {
        input_tokens: usage.inputTokens,
        output_tokens: usage.outputTokens,
        cached_input_tokens: usage.cachedInputTokens,
        reasoning_tokens: usage.reasoningTokens,
      },
      failure: failure && {
        class: failure.class,
        status: failure.status,
        message: failure.message,
        retry_after_ms: failure.retryAfterMs,
      },
    };
    const { audit_id, cost_usd, ...said } = await this.#post<WireAudited>("audit", body, asker);
    return { ...said, auditId: audit_id, costUsd: cost_usd };
  }

  #post<T>(what: string, body: object, asker: Asker): Promise<T> {
    const headers = { "content-type": "application/json", ...askerHeaders(asker) };
    return this.#http.json<T>({ method: "POST", path: `/v1/gateway/${what}`, headers, body: JSON.stringify(body) });
  }
}

interface WirePreChecked extends Pick<PreChecked, "approved" | "target" | "alternatives" | "reason" | "code"> {
  readonly context_id: string;
  readonly estimated_cost_usd: number | null;
  readonly retry_after_ms?: number;
  readonly expires_at: string;
}

interface WireAudited extends Pick<AuditedCall, "counted" | "provider" | "model"> {
  readonly audit_id: string;
  readonly cost_usd: number | null;
}

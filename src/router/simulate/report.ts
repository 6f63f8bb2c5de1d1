import type { StrategyName } from "../../config/settings.ts";
import type { FailureClass } from "../../core/call.ts";

/** What a replay came to. Plain data; the same scenario gives the same, byte for byte. Times are milliseconds, costs USD, shares 0 to 1. */
export interface ReplayReport {
  readonly seed: number;
  readonly durationMs: number;
  /** Of the scenario's beginning. */
  readonly strategy: StrategyName;
  readonly requests: RequestReport;
  readonly calls: CallsReport;
  /** In the scenario's order. */
  readonly providers: readonly ProviderReport[];
  /** By time. */
  readonly outages: readonly OutageReport[];
  /** By time. */
  readonly changes: readonly { readonly atMs: number; readonly note: string }[];
  readonly timeline: Timeline;
  /** Every change of a breaker, by time. All are closed at the beginning. */
  readonly breakers: readonly BreakerChange[];
  /** Times in which a provider was left alone because it had asked for it (429, Retry-After). */
  readonly limited: readonly LimitedSpan[];
  /** What the replay leaves out of the scenario's settings; for people. */
  readonly notes: readonly string[];
}

/** What became of the requests. */
export interface RequestReport {
  readonly total: number;
  readonly answered: number;
  /** No other provider could help: the request was at fault. */
  readonly rejected: number;
  /** All providers were tried, or the request's calls or time were spent. */
  readonly failed: number;
  /** Nobody could be asked in time. */
  readonly unavailable: number;
  /** Answered of all; null: there were none. */
  readonly successShare: number | null;
  /** From a request's arrival to its answer, with all its calls, pauses and waits. */
  readonly latency: LatencyReport;
  readonly costUsd: number;
}

/** Percentiles by the nearest rank; null: nothing was answered. */
export interface LatencyReport {
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
}

/** The calls of all providers. */
export interface CallsReport {
  readonly total: number;
  readonly answered: number;
  /** Failed calls by class, in the classes' order; those that never happened are left out. */
  readonly failed: Partial<Readonly<Record<FailureClass, number>>>;
  readonly hedges: number;
  readonly probes: number;
  /** Answered calls whose price is unknown: the cost leaves them out. */
  readonly unpriced: number;
}

/** One provider's part. */
export interface ProviderReport extends CallsReport {
  readonly name: string;
  /** Requests that it answered. */
  readonly served: number;
  /** Of all answered requests; null: there were none. */
  readonly servedShare: number | null;
  /** Of all calls; null: there were none. */
  readonly callShare: number | null;
  /** Of its answered calls. */
  readonly latency: LatencyReport;
  readonly costUsd: number;
  /** How often its breaker opened. */
  readonly opened: number;
}

/** How one outage went. */
export interface OutageReport {
  readonly provider: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** A failure class, or `slow x3`. */
  readonly effect: string;
  /** Share of the calls that it met. */
  readonly share: number;
  /** Calls begun in it, probes among them. */
  readonly calls: number;
  readonly probes: number;
  /** Calls that failed from its beginning until the provider was taken out. */
  readonly failedBeforeOut: number;
  /** From its beginning until the provider was taken out; null: it never was. */
  readonly outAfterMs: number | null;
  /** What took it out first; null: nothing. */
  readonly outBy: "breaker" | "rate limit" | "unknown model" | "refused key" | null;
  /** From its end until the provider was called again; 0: it was not out then; null: it was not until the end. */
  readonly backAfterMs: number | null;
  /** From its end until the provider had its full share; null: not until the end. */
  readonly fullShareAfterMs: number | null;
}

/** The replay in slices of equal length. What ended after the scenario's duration is in the sums alone. */
export interface Timeline {
  readonly sliceMs: number;
  readonly slices: readonly TimeSlice[];
}

/** One slice. */
export interface TimeSlice {
  readonly fromMs: number;
  /** Requests that came. */
  readonly arrived: number;
  /** Requests that ended without an answer. */
  readonly lost: number;
  /** Requests answered, by provider in the report's order. */
  readonly served: readonly number[];
  /** Calls that ended, and those of them that failed, likewise. */
  readonly calls: readonly number[];
  readonly failedCalls: readonly number[];
  /** Of the requests answered in it. */
  readonly latency: LatencyReport;
}

/** A breaker's change. */
export interface BreakerChange {
  readonly provider: string;
  readonly atMs: number;
  readonly state: "closed" | "open" | "half_open";
}

/** A time in which a provider was left alone. */
export interface LimitedSpan {
  readonly provider: string;
  readonly fromMs: number;
  readonly toMs: number;
}

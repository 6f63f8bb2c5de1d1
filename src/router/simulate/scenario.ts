import type { RoutingSettings } from "../../config/settings.ts";
import type { FailureClass } from "../../core/call.ts";

/** A rehearsed stretch of time: who asks how much, who answers how well. Times are milliseconds from its beginning, which is midnight UTC. */
export interface Scenario {
  /** The same seed gives the same requests, the same luck and the same report. */
  readonly seed: number;
  /** Requests come for so long; those under way are then served to their end. */
  readonly durationMs: number;
  readonly traffic: Traffic;
  /** In the order in which they stand in the scenario. */
  readonly providers: readonly ScenarioProvider[];
  readonly routing: RoutingSettings;
  /** What is changed at run time, by time. */
  readonly changes: readonly RoutingChange[];
}

/** The requests. They come one by one and independently of each other (a Poisson process). */
export interface Traffic {
  /** By time; straight lines between them, level before the first and after the last. */
  readonly rate: readonly RatePoint[];
  readonly inputTokens: Spread;
  /** Never more than `maxOutputTokens`. */
  readonly outputTokens: Spread;
  /** What a request asks for at most: estimates and reservations reckon with it. */
  readonly maxOutputTokens: number;
  /** Time of one request, all its calls and waits together. */
  readonly deadlineMs: number;
  /** Calls of one request, failed ones included. */
  readonly maxCalls: number;
  /** While every provider is out: true waits within the deadline, as steps do; false fails at once. */
  readonly waits: boolean;
}

/** Requests a second at a moment. */
export interface RatePoint {
  readonly atMs: number;
  readonly perSecond: number;
}

/** A log-normal distribution by its median and the value that 99 of 100 stay below. Equal ones: always that value. */
export interface Spread {
  readonly median: number;
  readonly p99: number;
}

/** How one provider behaves. */
export interface ScenarioProvider {
  readonly name: string;
  /** Milliseconds of a whole answer. */
  readonly latency: Spread;
  /** Share of an answer's time after which its first token comes. 1: it comes in one piece. */
  readonly firstTokenShare: number;
  /** Milliseconds after which a call is given up as `timeout`. */
  readonly timeoutMs: number;
  /** Share of the calls that fail, by class. At most 1 in all. */
  readonly errors: readonly ErrorShare[];
  /** Milliseconds until a call has failed. Timeouts take the timeout, malformed answers the time of an answer. */
  readonly errorAfterMs: number;
  /** What its 429 says in Retry-After; null: nothing. */
  readonly retryAfterMs: number | null;
  /** USD per million tokens; null: unknown. */
  readonly price: { readonly input: number; readonly output: number } | null;
  /** The vendor's own limit, by the minute of the clock: above it every call gets a 429 until the minute is over. Null: none. */
  readonly requestsPerMinute: number | null;
  /** Tokens that fit into its model; null: unknown. */
  readonly contextWindow: number | null;
  /** How many keys it has; they are called `key-1`, `key-2`, ... */
  readonly keys: number;
  /** By time, not overlapping. */
  readonly outages: readonly Outage[];
}

/** A class of failures that can be rehearsed, and how often. */
export interface ErrorShare {
  readonly class: RehearsedFailure;
  /** 0 to 1. */
  readonly share: number;
}

/** Every failure that a provider can cause. */
export type RehearsedFailure = Exclude<FailureClass, "cancelled">;

/** Every {@link RehearsedFailure}, in the order in which they are told. */
export const rehearsedFailures = [
  "server",
  "overloaded",
  "timeout",
  "network",
  "malformed",
  "rate_limited",
  "auth",
  "not_found",
  "context_length",
  "content_filtered",
  "caller",
] as const satisfies readonly RehearsedFailure[];

/** A time in which a provider behaves otherwise. */
export interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
  /** Share of the calls that it meets, 0 to 1. */
  readonly share: number;
  readonly effect: OutageEffect;
}

/** What an outage does to the calls that it meets. */
export type OutageEffect =
  | {
      readonly type: "fails";
      readonly class: RehearsedFailure;
      /** Milliseconds until a call has failed; null: as the provider's other errors. */
      readonly afterMs: number | null;
      /** Null: as the provider's other 429s. */
      readonly retryAfterMs: number | null;
    }
  /** Answers take `factor` times as long. */
  | { readonly type: "slow"; readonly factor: number };

/** The routing from a moment on, as `switchyard route set` would have made it. */
export interface RoutingChange {
  readonly atMs: number;
  readonly routing: RoutingSettings;
  /** What it changes, for people. */
  readonly note: string;
}

/** Epoch milliseconds at which every scenario begins: a midnight, UTC, so that a day's limits begin with it. */
export const scenarioStart = Date.UTC(2026, 0, 1);

/** Keys that a provider of a scenario may have. */
export const mostKeys = 100;

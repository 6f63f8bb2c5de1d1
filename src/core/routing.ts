import type { Decision, DecisionCandidate, Hints } from "./call.ts";
import type { Json } from "./json.ts";

/*
 * Routing as the API tells it. Settings stand there as in switchyard.yaml below `routing:`.
 */

/** One version of the routing that was set at run time. Version 0: nothing was ever set. */
export interface RoutingVersion {
  readonly version: number;
  /** Only what was set at run time; the rest comes from the variables, the file, the defaults. */
  readonly overrides: Readonly<Record<string, unknown>>;
  /** Epoch milliseconds by Redis's clock; null at version 0. */
  readonly at: number | null;
  /** Who made it; null at version 0. */
  readonly author: string | null;
  /** What it changed; null at version 0. */
  readonly note: string | null;
}

/** Where a value comes from. */
export type RoutingOrigin =
  | { readonly from: "run time" }
  | { readonly from: "variable"; readonly variable: string }
  | { readonly from: "file"; readonly file: string; readonly line: number | null }
  | { readonly from: "default" };

/** A setting in force. */
export interface RoutingSetting {
  /** Null: nothing is set. */
  readonly value: Json;
  /** Null: the server was not started with its settings' origins. */
  readonly origin: RoutingOrigin | null;
}

/** The answer to a change. */
export interface RoutingChange extends RoutingVersion {
  /** False: everything stood so already; the version is the one that was there. */
  readonly changed: boolean;
  /** What was found and has no effect; for people. */
  readonly warnings: readonly string[];
}

/** The routing in force with the health of the fleet's targets. */
export interface RoutingReport extends RoutingVersion {
  /** By key: `strategy`, `weights`, ...; of limits a key for each provider and each of its keys: `limits.openai`, `limits.openai.keys.key-1`. */
  readonly settings: Readonly<Record<string, RoutingSetting>>;
  /** Every configured provider with its own model. */
  readonly targets: readonly RoutingTarget[];
  /** True: Redis did not answer in time; health is what this server last knew. */
  readonly degraded: boolean;
}

/** A provider with its own model, and how it stands. */
export interface RoutingTarget extends Omit<ExplainedCandidate, "place" | "costUsd" | "score" | "reason"> {
  readonly enabled: boolean;
  readonly drained: boolean;
  /** Why it is given no calls; null: it may be called. */
  readonly reason: string | null;
}

/** A request that is only asked about. */
export interface ExplainRequest {
  readonly hints: Hints;
  /** Whose budgets count. Default: the default tenant's. */
  readonly tenant?: string;
  /** Full name of the workflow whose step would ask. Default: a direct request. */
  readonly workflow?: string;
  /** Default 500. */
  readonly inputTokens?: number;
  /** Default 1000. */
  readonly maxTokens?: number;
}

/** How a request would be routed now. No call is made. */
export interface Explanation {
  readonly decision: Decision;
  /** Every configured provider: first the order, then those that were set aside. */
  readonly candidates: readonly ExplainedCandidate[];
  /** Version of the routing that was set at run time; 0: none was. */
  readonly routingVersion: number;
  /** True: Redis did not answer in time; explained on what was last known. */
  readonly degraded: boolean;
}

/** A candidate with everything that its place rests on. */
export interface ExplainedCandidate {
  readonly provider: string;
  readonly model: string;
  /** 1: called first. Null: set aside. */
  readonly place: number | null;
  readonly state: DecisionCandidate["state"];
  /** Share of its calls that it should get: 1, less while ramping up. */
  readonly share: number;
  /** Why it was set aside, or null. */
  readonly reason: string | null;
  readonly breaker: ExplainedBreaker;
  /** Epoch milliseconds until which the provider asked to be left alone; 0: it did not. */
  readonly limitedUntil: number;
  /** Average time to the first token; null: unknown. */
  readonly latencyMs: number | null;
  /** Calls under way in the fleet. */
  readonly busy: number;
  /** What the request will probably cost; null: the price is unknown. */
  readonly costUsd: number | null;
  /** What the strategy ordered by: a weight, USD, milliseconds, calls. Null: the strategy has no such number. */
  readonly score: number | null;
  readonly limits: readonly LimitUse[];
}

/** A target's breaker. */
export interface ExplainedBreaker {
  readonly state: "closed" | "open" | "half_open";
  /** Epoch milliseconds at which a probe may go; 0: it is not open. */
  readonly until: number;
  /** Calls of the last minute. */
  readonly failed: number;
  readonly answered: number;
}

/** A limit that is set, and what of it is used. */
export interface LimitUse {
  /** The provider's name, or with a key's label behind it: `openai key-1`. */
  readonly name: string;
  readonly limit: "requestsPerMinute" | "tokensPerMinute" | "concurrency" | "usdPerDay";
  readonly used: number;
  /** Most that may be used. */
  readonly allowed: number;
}

/** A number of the mirror beside that of the answer. */
export interface SideBySide {
  readonly shadow: number;
  readonly answered: number;
}

/** What all mirrored requests of one pair of targets say together. Means are over those that both answered. */
export interface ShadowSummary {
  readonly shadow: string;
  readonly answered: string;
  readonly requests: number;
  readonly failed: number;
  readonly durationMs: SideBySide | null;
  readonly costUsd: { readonly shadow: number | null; readonly answered: number | null } | null;
  readonly length: SideBySide | null;
}

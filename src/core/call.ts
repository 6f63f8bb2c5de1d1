import type { BudgetNote } from "./budget.ts";
import type { JsonObject } from "./json.ts";

/** What a caller may ask of the router. A run's hints apply to each of its steps; a step's own win. */
export interface Hints {
  /** Preferred provider; the only one allowed with `strict_provider`. */
  readonly provider?: string;
  /** A model's name, or an alias of the settings' `models:`. */
  readonly model?: string;
  /** True: that provider or an error. */
  readonly strict_provider?: boolean;
  /** Strategy for this request in place of the configured one. */
  readonly strategy?: string;
  /** Only these providers may serve. */
  readonly allow?: readonly string[];
  /** Calls that one attempt may make, failed ones included. Default 6, min 1. */
  readonly max_calls?: number;
  /** USD that one attempt may spend. Checked before each further call. Default none. */
  readonly max_usd?: number;
  /** Seconds that one request may take, all its calls together. Default: the deadline of its step or connection. */
  readonly max_seconds?: number;
  /** Who asks, as the caller knows them (a user's or tenant's id). `weighted` gives the same caller the same provider while the weights stay. */
  readonly caller?: string;
  /** `next`: an answer that a content filter withheld goes to the next target. Default `stop`. */
  readonly on_content_filter?: "stop" | "next";
}

/**
 * Why a call failed, decided once where the provider's answer is read. Router and workers branch on the class, never on text.
 * `caller`, `context_length`, `content_filtered` and `cancelled` never count against a target's health; the others do as the router's rules say.
 */
export type FailureClass = (typeof failureClasses)[number];

/** Every {@link FailureClass}. */
export const failureClasses = [
  "caller",
  "context_length",
  "content_filtered",
  "auth",
  "not_found",
  "rate_limited",
  "overloaded",
  "server",
  "timeout",
  "network",
  "malformed",
  "cancelled",
] as const;

/** Tokens as the provider counted them. Null: it did not say. */
export interface Usage {
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cachedInputTokens: number | null;
  readonly reasoningTokens: number | null;
}

/** One HTTP request to one provider, as it is kept with the attempt. */
export interface CallRecord {
  readonly provider: string;
  /** The model asked of this provider (after aliases). */
  readonly model: string;
  /** Label of the key that was used, never the key. */
  readonly key?: string;
  readonly ok: boolean;
  /** Set when not ok. */
  readonly failure?: { readonly class: FailureClass; readonly status: number | null; readonly message: string };
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Set when the provider reported it. */
  readonly usage?: Usage;
  /** USD; null: the model's price is unknown. */
  readonly costUsd: number | null;
  /** True: the provider did not say what it counted (the call was aborted); usage and cost are our estimate. */
  readonly estimated?: boolean;
  /** What the cost rests on. Absent where it is unknown. */
  readonly price?: Price;
  /** `hedge`: made beside a call that had not answered yet. */
  readonly role?: "hedge";
  /** Limits of the provider that the call could not honour (for example: seed not supported). */
  readonly warnings?: readonly string[];
}

/** A price as it was used for a call. */
export interface Price {
  /** USD per million tokens. */
  readonly inputPerMillion: number;
  readonly outputPerMillion: number;
  /** `settings`: PROVIDER_COSTS. `table`: the public price of the model. */
  readonly source: "settings" | "table";
}

/** What the router chose, from which candidates, and why. Reproducible from its own content. */
export interface Decision {
  readonly strategy: string;
  readonly hints: Hints;
  /** Every candidate in the order in which it would be called, then those that were set aside, with the reason. */
  readonly candidates: readonly DecisionCandidate[];
  /** One sentence for people. */
  readonly reason: string;
  /** What the strategy drew or counted, so that the order can be computed again. */
  readonly inputs: JsonObject;
  /** Version of the routing that was set at run time; 0: none was. */
  readonly routingVersion: number;
  /** Budgets that had a say, or come near their end. */
  readonly budgets?: readonly BudgetNote[];
  /** True: Redis did not answer in time; decided on the last known state. */
  readonly degraded?: boolean;
}

/** A target as the decision saw it. */
export interface DecisionCandidate {
  readonly provider: string;
  readonly model: string;
  readonly state: "closed" | "half_open" | "open" | "out" | "ramping";
  /** Absent: it is in the order. Else why it was set aside: `open until ...`, `not in allow`, ... */
  readonly excluded?: string;
}

/** Who answered, in short. Kept with the step and in its last event. */
export interface Served {
  readonly provider: string;
  /** The model that was asked for by the hint, or null. */
  readonly modelAsked: string | null;
  readonly modelServed: string;
  readonly usage: Usage;
  readonly costUsd: number | null;
}

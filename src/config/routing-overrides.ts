import type { BudgetRequest } from "../core/budget.ts";
import type { StrategyName } from "./settings.ts";

/**
 * What is said about routing, in the file's own keys: what `switchyard.yaml` holds below `routing:`, and what is set at run time. Absent: not
 * said. A key that is said replaces what stands below it as a whole: `weights: {openai: 1}` leaves every other provider with 0.
 */
export interface RoutingOverrides {
  readonly strategy?: StrategyName;
  /** Shares by provider, 0 or more. One that is left out weighs 0. */
  readonly weights?: Readonly<Record<string, number>>;
  /** First choice of failover. */
  readonly default?: string;
  /** Enabled providers in order; the order is the failover chain. */
  readonly enabled?: readonly string[];
  /** USD per 1,000 tokens. */
  readonly costs?: Readonly<Record<string, number>>;
  readonly strict_default?: boolean;
  readonly drained?: readonly string[];
  readonly limits?: Readonly<Record<string, ProviderLimitsOverride>>;
  readonly affinity?: "none" | "run";
  /** A duration (`300ms`) or `off`. */
  readonly hedge_after?: string;
  readonly shadow?: ShadowOverride | "off";
  /** A duration (`1m`) or `off`. */
  readonly check_every?: string;
  /** What may be spent, by the budget's id. */
  readonly budgets?: Readonly<Record<string, BudgetRequest>>;
  /** Epoch milliseconds at which a provider was enabled or undrained: set by the program, never by a user. */
  readonly since?: Readonly<Record<string, number>>;
}

/** Limits in the file's keys. Absent: no limit. */
export interface LimitsOverride {
  readonly requests_per_minute?: number;
  readonly tokens_per_minute?: number;
  readonly concurrency?: number;
  readonly usd_per_day?: number;
}

/** A provider's limits, and those of its keys by label. */
export interface ProviderLimitsOverride extends LimitsOverride {
  readonly keys?: Readonly<Record<string, LimitsOverride>>;
}

/** Where a share of the requests is mirrored to. */
export interface ShadowOverride {
  readonly provider: string;
  /** Absent: the provider's own model. */
  readonly model?: string;
  /** 0 to 1. */
  readonly share: number;
}

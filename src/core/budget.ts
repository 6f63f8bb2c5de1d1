/** How long a budget counts, by UTC: from midnight, from the first of the month. */
export const budgetPeriods = ["day", "month"] as const;

/** One of {@link budgetPeriods}. */
export type BudgetPeriod = (typeof budgetPeriods)[number];

/**
 * What happens once a budget is spent. `warn`: it is told, nothing else. `downgrade`: requests go to cheaper targets; of a provider's budget: others are
 * tried first. `refuse`: requests end as `budget_spent`; of a provider's budget: others serve.
 */
export const budgetActions = ["warn", "downgrade", "refuse"] as const;

/** One of {@link budgetActions}. */
export type BudgetAction = (typeof budgetActions)[number];

/** What a budget is for: one of them is set. `*`: each has one of its own. None: the whole fleet's. */
export const budgetScopes = ["tenant", "workflow", "provider"] as const;

/** One of {@link budgetScopes}. */
export type BudgetScope = (typeof budgetScopes)[number];

/** USD that may be spent in a period. */
export interface Budget {
  /** What it is for; null: the whole fleet's calls. */
  readonly scope: { readonly of: BudgetScope; readonly name: string } | null;
  readonly period: BudgetPeriod;
  readonly usd: number;
  readonly action: BudgetAction;
  /** Share of it, 0 to 1, from which on it is told. Default 0.8. */
  readonly warnAt: number;
  /** `downgrade`: the model or alias that is asked for then. Null: whatever is cheapest. */
  readonly model: string | null;
}

/** A budget as it is set. At most one of `tenant`, `workflow`, `provider`; `*`: each has one of its own; none: the whole fleet's. */
export interface BudgetRequest {
  readonly tenant?: string;
  readonly workflow?: string;
  readonly provider?: string;
  readonly usd: number;
  /** Default `month`, by UTC. */
  readonly period?: BudgetPeriod;
  /** Default `refuse`. */
  readonly action?: BudgetAction;
  /** Share of it from which on it is told. Default 0.8. */
  readonly warn_at?: number;
  /** `downgrade`: the model or alias that is asked for then. */
  readonly model?: string;
}

/** How a budget stands. */
export interface BudgetStanding extends Budget {
  readonly id: string;
  /** What it counts: `tenant acme`, `fleet`. Of a budget for each (`*`): the one that is meant here. */
  readonly counts: string;
  readonly spentUsd: number;
  /** Epoch milliseconds at which its period ends. */
  readonly until: number;
  readonly state: "open" | "warned" | "spent";
}

/** A budget that had a say in a decision. */
export interface BudgetNote {
  readonly id: string;
  readonly counts: string;
  readonly usd: number;
  readonly spentUsd: number;
  /** What came of it; `warn` also where it is not spent yet. */
  readonly action: BudgetAction;
}

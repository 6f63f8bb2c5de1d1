/** What calls have used, by day and by what they were made with and for. */
export interface Spend {
  /** `2026-11-22`, by UTC. */
  readonly day: string;
  readonly provider: string;
  readonly model: string;
  /** Label of the key, never the key. */
  readonly key: string;
  /** Workflow whose steps made the calls; null: somebody asked directly. */
  readonly workflow: string | null;
  /** Who pays. */
  readonly tenant: string;
  readonly use: SpendUse;
}

/** Sums over calls. */
export interface SpendUse {
  readonly calls: number;
  readonly failed: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
  readonly reasoningTokens: number;
  /** USD of the calls whose price is known; null: of none. */
  readonly costUsd: number | null;
  /** Answered calls whose price is not known: the sum is too small by theirs. */
  readonly unpriced: number;
}

/** What rows can be summed by. */
export const spendDimensions = ["day", "provider", "model", "key", "workflow", "tenant"] as const;

/** One of {@link spendDimensions}. */
export type SpendDimension = (typeof spendDimensions)[number];

/** Rows that agree in some dimensions, as one; those dimensions alone are told. */
export interface SpendGroup {
  readonly of: Readonly<Partial<Record<SpendDimension, string | null>>>;
  readonly use: SpendUse;
}

/** The answer of `GET /v1/costs`. */
export interface Costs {
  /** First and last day, by UTC. */
  readonly from: string;
  readonly to: string;
  readonly groups: readonly SpendGroup[];
  readonly total: SpendUse;
}

/** Nothing was called. */
export const noUse: SpendUse = {
  calls: 0,
  failed: 0,
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  reasoningTokens: 0,
  costUsd: null,
  unpriced: 0,
};

/** Sums rows by some dimensions, in the order of their names. Without dimensions: one group of all. Pure. */
export function groupSpend(rows: readonly Spend[], by: readonly SpendDimension[]): readonly SpendGroup[] {
  const groups = new Map<string, SpendGroup>();
  for (const row of rows) {
    const of = Object.fromEntries(by.map((dimension) => [dimension, row[dimension]]));
    const name = JSON.stringify(by.map((dimension) => row[dimension]));
    groups.set(name, { of, use: addUse(groups.get(name)?.use ?? noUse, row.use) });
  }
  if (by.length === 0 && groups.size === 0) return [{ of: {}, use: noUse }];
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

/** Two sums as one. */
export function addUse(a: SpendUse, b: SpendUse): SpendUse {
  return {
    calls: a.calls + b.calls,
    failed: a.failed + b.failed,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
    costUsd: a.costUsd === null && b.costUsd === null ? null : (a.costUsd ?? 0) + (b.costUsd ?? 0),
    unpriced: a.unpriced + b.unpriced,
  };
}

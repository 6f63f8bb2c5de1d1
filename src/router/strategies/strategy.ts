/** A candidate as a strategy sees it: healthy, enabled, able. */
export interface StrategyTarget {
  readonly provider: string;
  /** A random number 0..1 of its own. */
  readonly draw: number;
  /** Average time to the first token; null: unknown. */
  readonly latencyMs: number | null;
  /** Calls under way in the whole fleet. */
  readonly busy: number;
  /** What this request will probably cost there; null: unknown. */
  readonly costUsd: number | null;
}

/** Everything that a strategy may look at. Given by name, so that the same input gives the same order. */
export interface StrategyInput {
  /** Sorted by name. */
  readonly targets: readonly StrategyTarget[];
  readonly weights: Readonly<Record<string, number>>;
  /** The configured first choice, then the enabled providers in order. */
  readonly chain: readonly string[];
  /** The fleet's next number. */
  readonly counter: number;
}

/** Orders candidates: the first is called, the others are its fallbacks in turn. Pure. One file a strategy; all run the same test suite. */
export interface Strategy {
  readonly name: string;
  /** What it needs to know besides: the fleet's counter, calls under way, the request's cost. Absent: nothing. */
  readonly needs?: "counter" | "busy" | "cost";
  /** @returns each target's provider once */
  order(input: StrategyInput): readonly string[];
  /** What the target's place rests on, for people: a weight, a price, a latency. Null: nothing of its own. */
  score(target: StrategyTarget, input: StrategyInput): number | null;
  /** What it did, for people; the first of the order is known to be `first`. */
  explain(input: StrategyInput, first: string): string;
}

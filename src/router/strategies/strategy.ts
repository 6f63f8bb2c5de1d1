/** A candidate as a strategy sees it: healthy, enabled, able. */
export interface StrategyTarget {
  readonly provider: string;
  /** A random number 0..1 of its own. */
  readonly draw: number;
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
  /** Whether it needs the fleet's counter. */
  readonly counts: boolean;
  /** @returns each target's provider once */
  order(input: StrategyInput): readonly string[];
  /** What it did, for people; the first of the order is known to be `first`. */
  explain(input: StrategyInput, first: string): string;
}

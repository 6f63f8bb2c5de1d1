import type { HealthStore } from "./health-store.ts";
import type { Known } from "./known.ts";

/** What every request of a router shares. */
export interface RouteContext extends Known {
  readonly store: HealthStore;
  readonly clock: () => number;
  readonly random: () => number;
  readonly token: () => string;
  readonly sleep: Sleep;
}

/** Waits; ends early, without an error, when the signal fires. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

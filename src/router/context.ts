import type { Fleet } from "./fleet.ts";
import type { Judge } from "./judge.ts";
import type { Ledger } from "./ledger.ts";
import type { LiveRouting } from "./live-routing.ts";
import type { ShadowStore } from "./shadow-store.ts";
import type { SpentStore } from "./spent.ts";

/** What every request of a router shares. */
export interface RouteContext {
  readonly live: LiveRouting;
  readonly fleet: Fleet;
  readonly shadows: ShadowStore;
  readonly ledger: Ledger;
  /** What was spent, for budgets. */
  readonly spent: SpentStore;
  readonly judge: Judge;
  readonly clock: () => number;
  readonly random: () => number;
  readonly token: () => string;
  readonly sleep: Sleep;
  /** Fires when the router closes: ends what nobody waits for. */
  readonly closing: AbortSignal;
}

/** Waits; ends early, without an error, when the signal fires. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

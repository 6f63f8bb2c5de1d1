import type { Limits, ProviderLimits } from "../config/settings.ts";
import type { Claim, Health, Outcome } from "./breaker.ts";
import type { Ask, Full, Lease, Use } from "./limits.ts";
import type { Target } from "./target.ts";

/** What the fleet shares about its targets, in Redis, with the process's own memory behind it. Never throws, never waits longer than the bound. */
export interface Fleet {
  /** Looks at everything that one decision rests on: one round trip. */
  read(question: FleetQuestion): Promise<Snapshot>;
  /** Books a call about to be made, if it fits into its limits: atomic, so that no two processes take the same last place. */
  reserve(booking: Booking): Promise<Reserved>;
  /** Folds a call's outcome in, and settles its booking. @returns what is known after it: one round trip for both */
  record(report: CallReport, question: FleetQuestion): Promise<Snapshot>;
  /** Takes or renews a target's probe. */
  claim(target: Target, token: string): Promise<Claim>;
  /** Prolongs the leases of a call under way. */
  keep(booking: Booked): Promise<void>;
}

/** What is to be looked at. */
export interface FleetQuestion {
  readonly targets: readonly Target[];
  /** Whether to draw the fleet's next round-robin number. */
  readonly count: boolean;
  /** Providers and key fields (`provider:key id`) whose {@link Use} is wanted: those with limits, or all providers for least_busy. */
  readonly uses: readonly string[];
  /** Run whose binding is wanted. */
  readonly affinity?: string;
}

/** What is known at one moment. */
export interface Snapshot {
  /** Epoch milliseconds, by Redis's clock. */
  readonly now: number;
  /** The fleet's next round-robin number; 0 where it was not asked for. */
  readonly counter: number;
  /** True: Redis did not answer; this is what the process last knew. */
  readonly degraded: boolean;
  /** Version of the routing that was set at run time, 0: none was; and its overrides, JSON. */
  readonly routing: RoutingText;
  /** Provider that the run is bound to. */
  readonly bound: string | null;
  health(target: Target): Health;
  /** Epoch milliseconds until which a key is out; 0: it may be used. */
  keyOutUntil(keyField: string): number;
  /** Of a provider, or of a key by its field. */
  use(name: string): Use;
}

/** Routing as it was set at run time. */
export interface RoutingText {
  readonly version: number;
  /** JSON of the overrides, "" for none. */
  readonly overrides: string;
}

/** A call about to be made. */
export interface Booking {
  readonly provider: string;
  /** The key's field. */
  readonly keyField: string;
  readonly limits: ProviderLimits | null;
  readonly keyLimits: Limits | null;
  readonly ask: Ask;
  /** Names the call. */
  readonly token: string;
  /** Given: the call is not this process's own; its place is held for so long, or until anybody settles it. */
  readonly leaseMs?: number;
}

/** A booked call. */
export interface Booked {
  readonly provider: string;
  readonly keyField: string;
  readonly lease: Lease;
  /** No limit held it back: its process counts it among its calls under way, and keeps nothing else of it. */
  readonly isFree?: true;
}

/** What came of booking. `name`: the provider, or the key's field, that is full. */
export type Reserved =
  | { readonly type: "booked"; readonly booked: Booked }
  | { readonly type: "full"; readonly name: string; readonly full: Full };

/** A call's outcome with all that is to be kept of it. */
export interface CallReport extends Outcome {
  readonly target: Target;
  readonly keyField: string;
  /** Milliseconds to the first token of an answered call, or null. */
  readonly latencyMs: number | null;
  /** Its booking with what the call really used; null: it was not booked. */
  readonly settle: { readonly booked: Booked; readonly actual: Ask } | null;
  /** Run to bind to the target's provider, if the call was answered. */
  readonly bind?: string;
}

import type { CallRecord, FailureClass } from "../../core/call.ts";
import type { Booked } from "../fleet.ts";
import type { RoutedRequest } from "../request.ts";
import type { Target } from "../target.ts";
import type { Agenda } from "./agenda.ts";
import type { Chance } from "./chance.ts";
import type { Vendor } from "./vendor.ts";
import type { VirtualFleet } from "./virtual-fleet.ts";

/** What all requests of a replay share. */
export interface ReplayContext {
  /** Epoch milliseconds at which the scenario begins. */
  readonly start: number;
  readonly agenda: Agenda;
  readonly fleet: VirtualFleet;
  readonly vendors: ReadonlyMap<string, Vendor>;
  /** For decisions and pauses. */
  readonly random: Chance;
  /** A name that nothing else bears. */
  readonly token: () => string;
  readonly observer: Observer;
  /** Decides on a request by the routing and the health of now. */
  readonly decide: (request: NewRequest) => RoutedRequest;
}

/** A request before anything was decided. */
export interface NewRequest {
  readonly tokens: Tokens;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/** Told of what happens, when it happens. */
export interface Observer {
  /** A call has begun. */
  called(provider: string, isProbe: boolean): void;
  callEnded(call: EndedCall): void;
  /** @param arrivedAt epoch milliseconds */
  ended(arrivedAt: number, ending: Ending): void;
}

/** A call that is over. */
export interface EndedCall {
  readonly provider: string;
  /** Null: it was answered. */
  readonly failure: FailureClass | null;
  readonly durationMs: number;
  /** USD; null: it is unknown. */
  readonly costUsd: number | null;
  readonly isHedge: boolean;
}

/**
 * How a request ended. `rejected`: no other provider could help. `failed`: all were tried, or its budget was spent. `unavailable`: nobody could be
 * asked in time.
 */
export type Ending =
  | { readonly type: "answered"; readonly provider: string }
  | { readonly type: "rejected" | "failed" | "unavailable" };

/** A request under way: as the router has it, with its calls of this moment. */
export interface ReplayedRequest extends NewRequest {
  readonly arrivedAt: number;
  /** Decided anew after each wait. */
  routed: RoutedRequest;
  /** Two at most: the second is the hedge. */
  flights: readonly Flight[];
}

/** What an answered call of a request uses. */
export interface Tokens {
  readonly input: number;
  readonly output: number;
}

/** A call under way, whose end is known already. */
export interface Flight {
  readonly target: Target;
  readonly place: Place;
  readonly role: CallRecord["role"];
  readonly startedAt: number;
  readonly endsAt: number;
  /** How it ends; null: it is answered. */
  readonly failure: FailureClass | null;
  readonly retryAfterMs: number | null;
  /** Null: it gives none. */
  readonly firstTokenAt: number | null;
  /** Whether it has ended or was aborted. */
  isOver: boolean;
}

/** What a call has before it is made: the probe, if it is one, and its place in the limits. */
export interface Place {
  /** The probe's token; empty: it is no probe. */
  readonly probe: string;
  /** The key's label. */
  readonly key: string;
  readonly keyField: string;
  /** Null: nobody looks at what is used there. */
  readonly booked: Booked | null;
}

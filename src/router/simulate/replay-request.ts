import type { CallRecord } from "../../core/call.ts";
import { budgetSpent, pauseBefore } from "../budget.ts";
import { nextOf } from "../call.ts";
import { exhausted } from "../end.ts";
import type { RoutedRequest } from "../request.ts";
import type { Target } from "../target.ts";
import { abortCall, beginCall, endCall } from "./replay-call.ts";
import type { Ending, Flight, ReplayContext, ReplayedRequest } from "./replay-context.ts";

/** Goes on with a request that has no call under way, as `route` does: the next call, a pause, a wait, or its end. */
export function proceed(request: ReplayedRequest, context: ReplayContext): void {
  for (;;) {
    const { routed } = request;
    const move = moveOf(routed, context);
    if (move.type === "end") {
      context.observer.ended(request.arrivedAt, move.ending);
      return;
    }
    if (move.type === "pause") {
      context.agenda.at(move.until, () => {
        if (move.round === null) decideAgain(request, context);
        else repeat(routed, move.round);
        proceed(request, context);
      });
      return;
    }
    const flight = start(request, move.target, context);
    if (flight) {
      hedge(request, flight, context);
      return;
    }
  }
}

/** What was called before a wait still counts: budget, time and records are the same request's. */
function decideAgain(request: ReplayedRequest, { decide }: ReplayContext): void {
  const { deadline, calls, begun } = request.routed;
  request.routed = { ...decide(request), deadline, calls, begun };
}

function repeat(routed: RoutedRequest, round: number): void {
  routed.pauses = round;
  routed.lost.clear();
}

/** What a request does now. */
type Move =
  | { readonly type: "call"; readonly target: Target }
  /** @property round of repetitions that follows; null: nobody may be asked until then, and all begins anew. */
  | { readonly type: "pause"; readonly until: number; readonly round: number | null }
  | { readonly type: "end"; readonly ending: Ending };

function moveOf(routed: RoutedRequest, { agenda, random }: ReplayContext): Move {
  const step = nextOf(routed);
  if (step.type === "rejected") return { type: "end", ending: { type: "rejected" } };
  if (step.type === "call") {
    const isRepetition = step.round > routed.pauses;
    const begins = agenda.now + (isRepetition ? pauseBefore(step.round, random()) : 0);
    const spent = spentAt(routed, begins);
    if (spent !== undefined) return { type: "end", ending: { type: outcomeOf(routed, random, spent).type } };
    if (!isRepetition) return { type: "call", target: step.target };
    return { type: "pause", until: begins, round: step.round };
  }
  const outcome = outcomeOf(routed, random);
  const until = agenda.now + outcome.retryAfterMs;
  const waits = outcome.type === "unavailable" && routed.options.wait === true && until < routed.deadline;
  return waits ? { type: "pause", until, round: null } : { type: "end", ending: { type: outcome.type } };
}

/** How it ends for a request that has nobody left to ask. */
function outcomeOf(routed: RoutedRequest, random: () => number, spent?: string) {
  const outcome = exhausted(routed, { random }, spent);
  if (outcome.type === "unavailable") return { type: "unavailable", retryAfterMs: outcome.retryAfterMs } as const;
  return { type: outcome.type === "rejected" ? "rejected" : "failed", retryAfterMs: 0 } as const;
}

/** Makes a second call beside the first where that has given no token in time. */
function hedge(request: ReplayedRequest, first: Flight, context: ReplayContext): void {
  const { routed } = request;
  const { agenda } = context;
  const afterMs = routed.known.routing.hedgeAfterMs;
  if (afterMs === null || agenda.now + afterMs >= (first.firstTokenAt ?? first.endsAt)) return;
  agenda.at(agenda.now + afterMs, () => {
    if (first.isOver) return;
    const other = nextOf(routed, [first.target.provider]);
    if (other.type !== "call" || other.round > routed.pauses || spentAt(routed, agenda.now) !== undefined) return;
    start(request, other.target, context, "hedge");
  });
}

/** Begins a call and enters its end. */
function start(
  request: ReplayedRequest,
  target: Target,
  context: ReplayContext,
  role?: CallRecord["role"],
): Flight | undefined {
  const flight = beginCall(request, target, context, role);
  if (!flight) return undefined;
  const { agenda } = context;
  request.flights = [...request.flights, flight];
  const isRaced = request.routed.known.routing.hedgeAfterMs !== null;
  if (isRaced && flight.firstTokenAt !== null) agenda.at(flight.firstTokenAt, () => keepOnly(request, flight, context));
  agenda.at(flight.endsAt, () => finish(request, flight, context));
  return flight;
}

/** The first token decides: the other call is ended. */
function keepOnly(request: ReplayedRequest, flight: Flight, context: ReplayContext): void {
  if (flight.isOver) return;
  for (const other of request.flights) if (other !== flight) abortCall(request, other, context);
  request.flights = [flight];
}

function finish(request: ReplayedRequest, flight: Flight, context: ReplayContext): void {
  if (flight.isOver) return;
  request.flights = request.flights.filter((other) => other !== flight);
  if (endCall(request, flight, context))
    context.observer.ended(request.arrivedAt, { type: "answered", provider: flight.target.provider });
  else if (request.flights.length === 0) proceed(request, context);
}

function spentAt({ options, calls, begun, deadline }: RoutedRequest, at: number): string | undefined {
  return budgetSpent(options.hints, calls, begun, at, deadline);
}

import type { CallRecord, FailureClass } from "../../core/call.ts";
import { asUsage } from "../estimate.ts";
import type { Ask } from "../limits.ts";
import { healthOf } from "../outcome-of.ts";
import { providerOf } from "../rated.ts";
import { rules } from "../rules.ts";
import type { Target } from "../target.ts";
import type { Flight, ReplayContext, ReplayedRequest } from "./replay-context.ts";
import { takePlaceNow } from "./replay-place.ts";

/**
 * Begins a call as `callTarget` does: takes the probe and a place in the limits, then calls.
 * @returns undefined: another request was quicker to get the probe or the last place
 */
export function beginCall(
  request: ReplayedRequest,
  target: Target,
  context: ReplayContext,
  role?: CallRecord["role"],
): Flight | undefined {
  const { agenda, vendors, start, observer } = context;
  const place = takePlaceNow(request, target, context);
  if (!place) return undefined;
  request.routed.begun++;
  observer.called(target.provider, place.probe !== "");
  const startedAt = agenda.now;
  const answer = vendors.get(target.provider)?.call(startedAt - start, request.tokens.input);
  if (!answer) throw new Error(`The scenario has no provider ${target.provider}.`);
  const { durationMs, firstTokenMs, retryAfterMs, failure } = answer;
  const { deadline } = request.routed;
  // The caller's time ends the call; then it is the provider that was slow.
  const isCut = startedAt + durationMs >= deadline;
  const flight: Flight = {
    target,
    place,
    role,
    startedAt,
    endsAt: isCut ? deadline : startedAt + durationMs,
    failure: isCut ? "timeout" : failure,
    retryAfterMs: isCut ? null : retryAfterMs,
    firstTokenAt: firstTokenMs !== null && startedAt + firstTokenMs < deadline ? startedAt + firstTokenMs : null,
    isOver: false,
  };
  if (place.probe !== "") renew(flight, startedAt, context);
  return flight;
}

/** Records a call's end. @returns true: it is the answer */
export function endCall(request: ReplayedRequest, flight: Flight, context: ReplayContext): boolean {
  conclude(request, flight, flight.failure, context);
  return flight.failure === null;
}

/** Ends a call before its time, because the other one of the request was quicker. */
export function abortCall(request: ReplayedRequest, flight: Flight, context: ReplayContext): void {
  conclude(request, flight, "cancelled", context);
}

/** Records a call's end: with the request, in the fleet's state, for the report. */
function conclude(
  request: ReplayedRequest,
  flight: Flight,
  failure: FailureClass | null,
  { agenda, fleet, observer }: ReplayContext,
): void {
  const { routed } = request;
  const { target, place, role, startedAt, firstTokenAt, retryAfterMs } = flight;
  const { provider, model } = target;
  flight.isOver = true;
  const durationMs = agenda.now - startedAt;
  const used = usedBy(request, target, failure);
  routed.calls.push({
    provider,
    model,
    key: place.key,
    ok: failure === null,
    failure: failure === null ? undefined : { class: failure, status: null, message: "simulated" },
    startedAt,
    durationMs,
    costUsd: used.usd,
    role,
  });
  observer.callEnded({ provider, failure, durationMs, costUsd: used.usd, isHedge: role === "hedge" });
  const { kind, ms } = failure === null ? answered : healthOf(failure, { retryAfterMs });
  fleet.record({
    kind,
    ms,
    token: place.probe,
    durationMs,
    target,
    keyField: place.keyField,
    latencyMs: failure === null ? (firstTokenAt ?? agenda.now) - startedAt : null,
    settle: place.booked ? { booked: place.booked, actual: used } : null,
  });
  if (failure !== null && failure !== "cancelled") routed.failed.push({ target, class: failure });
}

const answered = { kind: "ok", ms: 0 } as const;

/** What a call used: its tokens where it was answered, the input of an aborted one, else nothing. */
function usedBy({ routed, tokens }: ReplayedRequest, target: Target, failure: FailureClass | null): Ask {
  if (failure !== null && failure !== "cancelled") return { tokens: 0, usd: null };
  const { known } = routed;
  const inputTokens = failure === null ? tokens.input : routed.estimate.inputTokens;
  const outputTokens = failure === null ? tokens.output : 0;
  const usage = asUsage({ inputTokens, outputTokens });
  const provider = providerOf(target.provider, known);
  const usd = provider.costUsd(target.model, usage, known.routing.costs[target.provider]);
  return { tokens: inputTokens + outputTokens, usd };
}

/** Keeps the probe while its call lasts. */
function renew(flight: Flight, from: number, context: ReplayContext): void {
  const at = from + rules.probeLeaseMs / 3;
  if (at >= flight.endsAt) return;
  context.agenda.at(at, () => {
    if (flight.isOver) return;
    context.fleet.claim(flight.target, flight.place.probe);
    renew(flight, at, context);
  });
}

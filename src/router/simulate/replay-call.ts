import type { CallRecord, FailureClass } from "../../core/call.ts";
import { asUsage } from "../estimate.ts";
import { priceInForce } from "../known.ts";
import type { Ask } from "../limits.ts";
import { healthOf } from "../outcome-of.ts";
import { providerOf } from "../rated.ts";
import { rules } from "../rules.ts";
import type { Target } from "../target.ts";
import type { Flight, ReplayContext, ReplayedRequest } from "./replay-context.ts";
import { type Place, takePlaceNow } from "./replay-place.ts";

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
  const place = takePlaceNow(request, target, context);
  if (!place) return undefined;
  request.routed.begun++;
  context.observer.called(target.provider, place.probe !== "");
  const flight = fly({ request, target, role, ...place }, context);
  if (place.probe !== "") renew(flight, target, place.probe, context.agenda.now, context);
  return flight;
}

/** A call that has its place. */
interface Plan extends Place {
  readonly request: ReplayedRequest;
  readonly target: Target;
  readonly role: CallRecord["role"];
}

function fly(plan: Plan, context: ReplayContext): Flight {
  const { request, target } = plan;
  const { agenda, vendors, start } = context;
  const startedAt = agenda.now;
  const answer = vendors.get(target.provider)?.call(startedAt - start, request.tokens.input);
  if (!answer) throw new Error(`The scenario has no provider ${target.provider}.`);
  // The caller's time ends the call; then it is the provider that was slow.
  const isCut = startedAt + answer.durationMs >= request.routed.deadline;
  const endsAt = isCut ? request.routed.deadline : startedAt + answer.durationMs;
  const failure: FailureClass | null = isCut ? "timeout" : answer.failure;
  const tokenAt = answer.firstTokenMs === null ? null : startedAt + answer.firstTokenMs;
  let isOver = false;
  const over = (how: FailureClass | null) => {
    isOver = true;
    const retryAfterMs = how === answer.failure ? answer.retryAfterMs : null;
    conclude(plan, { startedAt, failure: how, retryAfterMs, firstTokenMs: answer.firstTokenMs }, context);
  };
  return {
    target,
    endsAt,
    firstTokenAt: tokenAt !== null && tokenAt < request.routed.deadline ? tokenAt : null,
    get isOver() {
      return isOver;
    },
    end() {
      over(failure);
      return failure === null;
    },
    abort: () => over("cancelled"),
  };
}

/** What came of a call. */
interface Result {
  readonly startedAt: number;
  /** Null: it was answered. */
  readonly failure: FailureClass | null;
  readonly retryAfterMs: number | null;
  readonly firstTokenMs: number | null;
}

/** Records a call's end: with the request, in the fleet's state, for the report. */
function conclude(plan: Plan, result: Result, { agenda, fleet, observer }: ReplayContext): void {
  const { request, target, key, keyField, probe, booked, role } = plan;
  const { routed } = request;
  const { startedAt, failure } = result;
  const durationMs = agenda.now - startedAt;
  const used = usedBy(plan, failure);
  routed.calls.push({
    provider: target.provider,
    model: target.model,
    key,
    ok: failure === null,
    failure: failure === null ? undefined : { class: failure, status: null, message: "simulated" },
    startedAt,
    durationMs,
    costUsd: used.usd,
    role,
  });
  observer.callEnded({ provider: target.provider, failure, durationMs, costUsd: used.usd, isHedge: role === "hedge" });
  const { kind, ms } = failure === null ? answered : healthOf(failure, result);
  fleet.record({
    kind,
    ms,
    token: probe,
    durationMs,
    target,
    keyField,
    latencyMs: failure === null ? (result.firstTokenMs ?? durationMs) : null,
    settle: booked ? { booked, actual: used } : null,
  });
  if (failure !== null && failure !== "cancelled") routed.failed.push({ target, class: failure });
}

const answered = { kind: "ok", ms: 0 } as const;

/** What a call used: its tokens where it was answered, the input of an aborted one, else nothing. */
function usedBy({ request, target }: Plan, failure: FailureClass | null): Ask {
  if (failure !== null && failure !== "cancelled") return { tokens: 0, usd: null };
  const { known, estimate } = request.routed;
  const tokens =
    failure === null
      ? { inputTokens: request.tokens.input, outputTokens: request.tokens.output }
      : { inputTokens: estimate.inputTokens, outputTokens: 0 };
  const provider = providerOf(target.provider, known);
  return {
    tokens: tokens.inputTokens + tokens.outputTokens,
    usd: provider.costUsd(target.model, asUsage(tokens), priceInForce(target.provider, known)),
  };
}

/** Keeps the probe while its call lasts. */
function renew(flight: Flight, target: Target, token: string, from: number, context: ReplayContext): void {
  const at = from + rules.probeLeaseMs / 3;
  if (at >= flight.endsAt) return;
  context.agenda.at(at, () => {
    if (flight.isOver) return;
    context.fleet.claim(target, token);
    renew(flight, target, token, at, context);
  });
}

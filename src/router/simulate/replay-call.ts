import type { CallRecord, FailureClass } from "../../core/call.ts";
import { asUsage } from "../estimate.ts";
import type { Booked } from "../fleet.ts";
import type { Ask } from "../limits.ts";
import { healthOf } from "../outcome-of.ts";
import { askOf, providerOf } from "../rated.ts";
import { lose, standingOf } from "../request.ts";
import { rules } from "../rules.ts";
import { keyField, usableKey } from "../standing.ts";
import type { Target } from "../target.ts";
import type { Flight, ReplayContext, ReplayedRequest } from "./replay-context.ts";

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
  const { routed } = request;
  const { fleet, agenda, random, observer } = context;
  const provider = providerOf(target.provider, routed.known);
  const ask = askOf(target, routed.estimate, routed.known);
  const key = usableKey(provider, routed.known, routed.snapshot, ask) ?? provider.keys[0] ?? "default";
  const probe = claimIfNeeded(request, target, context);
  if (probe === undefined) return undefined;
  const limits = routed.known.routing.limits[target.provider] ?? null;
  const field = keyField(provider, key);
  let booked: Booked | null = null;
  // Elsewhere nobody looks at what is used.
  if (routed.question.uses.includes(target.provider)) {
    const keyLimits = limits?.keys[key] ?? null;
    const token = context.token();
    const reserved = fleet.reserve({ provider: target.provider, keyField: field, limits, keyLimits, ask, token });
    if (reserved.type === "full") {
      if (probe !== "") giveBack(target, field, probe, context);
      lose(target.provider, { kind: "full", reason: "at its limit" }, routed, random());
      return undefined;
    }
    booked = reserved.booked;
  }
  routed.begun++;
  observer.called(target.provider, probe !== "");
  const flight = fly({ request, target, key, field, probe, booked, role }, context);
  if (probe !== "") renew(flight, target, probe, agenda.now, context);
  return flight;
}

/** A call that has its place. */
interface Plan {
  readonly request: ReplayedRequest;
  readonly target: Target;
  readonly key: string;
  readonly field: string;
  /** Empty: it is no probe. */
  readonly probe: string;
  readonly booked: Booked | null;
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
    conclude(
      plan,
      { startedAt, failure: how, retryAfterMs: answer.retryAfterMs, firstTokenMs: answer.firstTokenMs },
      context,
    );
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
  const { request, target, key, field, probe, booked, role } = plan;
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
  const { kind, ms } = failure === null ? answered : healthOf(failure, result);
  fleet.record({
    kind,
    ms,
    token: probe,
    durationMs,
    target,
    keyField: field,
    latencyMs: failure === null ? (result.firstTokenMs ?? durationMs) : null,
    settle: booked ? { booked, actual: used } : null,
  });
  if (failure !== null && failure !== "cancelled") routed.failed.push({ target, class: failure });
  observer.callEnded({ provider: target.provider, failure, durationMs, costUsd: used.usd, isHedge: role === "hedge" });
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
    usd: provider.costUsd(target.model, asUsage(tokens), known.routing.costs[target.provider]),
  };
}

/** Takes the probe of a target that is half open. @returns its token, empty where none is needed; undefined: another request has it */
function claimIfNeeded({ routed }: ReplayedRequest, target: Target, context: ReplayContext): string | undefined {
  if (!standingOf(target, routed).needsProbe) return "";
  const token = `${target.provider}-${context.token()}`;
  const claim = context.fleet.claim(target, token);
  if (claim === "claimed") return token;
  if (claim === "closed" || routed.isSole) return "";
  lose(target.provider, { kind: "probing", reason: "half open, another call probes it" }, routed, context.random());
  return undefined;
}

/** Gives a probe back that was not made. */
function giveBack(target: Target, field: string, token: string, { fleet }: ReplayContext): void {
  fleet.record({
    kind: "neutral",
    ms: 0,
    durationMs: 0,
    target,
    token,
    keyField: field,
    latencyMs: null,
    settle: null,
  });
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

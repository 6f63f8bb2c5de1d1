import type { CallRecord, FailureClass } from "../core/call.ts";
import type { AnswerPart } from "../providers/wire.ts";
import type { Outcome } from "./breaker.ts";
import type { RouteContext } from "./context.ts";
import type { Booked, Reserved } from "./fleet.ts";
import { priceInForce } from "./known.ts";
import type { Ask } from "./limits.ts";
import { type CallResult, makeCall } from "./make-call.ts";
import { healthOf } from "./outcome-of.ts";
import { providerOf } from "./rated.ts";
import { lose, type RoutedRequest, standingOf } from "./request.ts";
import type { RouteOptions } from "./router.ts";
import { rules } from "./rules.ts";
import { takePlace } from "./take-place.ts";
import type { Target } from "./target.ts";

/** How a call is made that may have another beside it. */
export interface CallManner {
  readonly signal: AbortSignal;
  /** Told when the call has its place and is made. */
  readonly onBegun?: () => void;
  /** Told once, at the first sign of the answer; then the answer is streamed. */
  readonly onFirstToken?: () => void;
  /** Whether the call's text is the request's answer, not that of a call beside it. Default: it is. */
  readonly leads?: () => boolean;
  readonly role?: CallRecord["role"];
}

/**
 * Makes one call: takes the probe and a place in the limits, calls, records what that says about the target's health and use, and keeps it with the request.
 * @returns undefined: no call was made; another process was quicker to get the probe or the last place, or the call beside this one to give a token
 */
export async function callTarget(
  target: Target,
  routed: RoutedRequest,
  context: RouteContext,
  manner: CallManner,
): Promise<CallResult | undefined> {
  const { fleet, clock } = context;
  const { options, known, estimate } = routed;
  const provider = providerOf(target.provider, known);
  const probe = await claimIfNeeded(target, routed, context);
  if (probe === "lost") return undefined;
  const place = await takePlace(target, routed, context);
  if (!place || isOutrun(manner, options)) {
    const booked = place ? await bookedOf(place.reserving) : null;
    if (probe !== "" || booked) await fleet.record(nothing(target, probe, booked), routed.question);
    if (place) return undefined;
    lose(target.provider, { kind: "full", reason: "at its limit" }, routed, context.random());
    return undefined;
  }
  const { key, reserving } = place;
  routed.begun++;
  manner.onBegun?.();
  const call = routed.begun;
  const stream = streamOf(target, call, routed, manner, clock);
  const renewal = renew(target, probe, reserving, context);
  const result = await makeCall({
    target,
    provider,
    key,
    request: routed.request,
    estimate,
    perThousand: priceInForce(target.provider, known),
    signal: manner.signal,
    idempotencyKey: `${options.idempotencyKey}-${call}`,
    deadline: routed.deadline,
    clock,
    role: manner.role,
    ...stream.listeners,
  }).finally(() => clearInterval(renewal));
  const booked = await bookedOf(reserving);
  routed.calls.push(result.record);
  context.ledger.add(result.record, options.workflow ?? null, options.tenant);
  context.spent.add(result.record, options);
  const { durationMs } = result.record;
  routed.snapshot = await fleet.record(
    {
      ...saidBy(result, routed),
      target,
      token: probe,
      keyField: place.keyField,
      durationMs,
      latencyMs: result.ok ? (stream.firstTokenMs() ?? durationMs) : null,
      settle: booked ? { booked, actual: usedBy(result) } : null,
      ...(result.ok && options.affinity !== undefined && known.routing.affinity === "run"
        ? { bind: options.affinity }
        : {}),
    },
    routed.question,
  );
  if (!result.ok) stream.broke(result.failure.class);
  if (!result.ok && !isOutrun(manner, options)) {
    routed.failed.push({ target, class: result.failure.class });
    options.onCallFailed?.(result.record);
  }
  return result;
}

/** Whether the call beside it was quicker. */
function isOutrun({ signal }: CallManner, options: RouteOptions): boolean {
  return signal.aborted && !options.signal.aborted;
}

/** What a call says about its target's health. One that the request's own time cut short says nothing: callers may name any time. */
function saidBy(result: CallResult, { ownTime }: RoutedRequest): Pick<Outcome, "kind" | "ms"> {
  if (result.ok) return { kind: "ok", ms: 0 };
  const { failure } = result;
  return ownTime?.aborted && failure.class === "timeout"
    ? { kind: "neutral", ms: 0 }
    : healthOf(failure.class, failure);
}

/** Listens to a call's stream: when its first token came, and its text for whoever reads along. */
function streamOf(target: Target, call: number, routed: RoutedRequest, manner: CallManner, clock: () => number) {
  const { provider, model } = target;
  const { onPiece, onPart, pace } = routed.options;
  const { decision } = routed.decided;
  const { onFirstToken, leads = () => true } = manner;
  const begun = clock();
  let firstTokenMs: number | null = null;
  let hasTold = false;
  const onActivity = () => {
    if (firstTokenMs !== null) return;
    firstTokenMs = clock() - begun;
    onFirstToken?.();
  };
  const onText = (text: string) => {
    onActivity();
    if (!leads()) return;
    hasTold = true;
    onPiece?.({ type: "text", call, provider, model, text });
  };
  const tellPart = (part: AnswerPart) => {
    onActivity();
    if (!leads() || routed.options.signal.aborted) return;
    routed.isTold = true;
    onPart?.(part, { provider, model, call, decision });
  };
  return {
    listeners: {
      ...(onFirstToken || onPiece || onPart ? { onActivity } : {}),
      ...(onPiece ? { onText } : {}),
      ...(onPart ? { onPart: tellPart } : {}),
      ...(pace ? { pace } : {}),
    },
    firstTokenMs: () => firstTokenMs,
    broke(reason: FailureClass) {
      if (hasTold) onPiece?.({ type: "restarted", call, provider, reason });
    },
  };
}

/** Takes the probe of a target that is half open. @returns its token, empty where none is needed; `lost`: another process has it */
export async function claimIfNeeded(target: Target, routed: RoutedRequest, context: RouteContext): Promise<string> {
  if (!standingOf(target, routed).needsProbe) return "";
  const token = `${target.provider}-${context.token()}`;
  const claim = await context.fleet.claim(target, token);
  if (claim === "claimed") return token;
  if (claim === "closed" || routed.isSole) return "";
  const reason = "half open, another call probes it";
  lose(target.provider, { kind: "probing", reason }, routed, context.random());
  return "lost";
}

/** Keeps the probe and the leases of a call while it lasts. */
function renew(target: Target, probe: string, reserving: Promise<Reserved>, { fleet }: RouteContext): NodeJS.Timeout {
  const everyMs = Math.min(rules.probeLeaseMs, rules.leaseMs) / 3;
  const renewal = setInterval(() => {
    if (probe !== "") void fleet.claim(target, probe);
    void bookedOf(reserving).then((booked) => booked && fleet.keep(booked));
  }, everyMs);
  return renewal.unref();
}

async function bookedOf(reserving: Promise<Reserved>): Promise<Booked | null> {
  const reserved = await reserving;
  return reserved.type === "booked" ? reserved.booked : null;
}

/** What a call really used: as the provider counted; nothing where it failed, but what an aborted one probably cost. */
function usedBy({ ok, record }: CallResult): Ask {
  const { usage, costUsd } = record;
  const tokens = (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
  return ok || record.estimated ? { tokens, usd: costUsd } : { tokens: 0, usd: 0 };
}

/** A report that only gives back the probe and the place of a call that was not made. */
export function nothing(target: Target, token: string, booked: Booked | null) {
  return {
    kind: "neutral",
    ms: 0,
    token,
    durationMs: 0,
    target,
    keyField: "",
    latencyMs: null,
    settle: booked && { booked, actual: { tokens: 0, usd: 0 } },
  } as const;
}

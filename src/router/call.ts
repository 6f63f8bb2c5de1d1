import type { LlmRequest } from "../providers/provider.ts";
import { attemptCall, type CallResult } from "./attempt-call.ts";
import type { RouteContext } from "./context.ts";
import { isCallable } from "./decide.ts";
import { answered, cancelled, exhausted, rejected } from "./end.ts";
import { type Next, next } from "./next.ts";
import { healthOf } from "./outcome-of.ts";
import { begin, providerOf, type RoutedRequest, standingOf } from "./request.ts";
import { defaultMaxCalls, type RouteOptions, type RouteOutcome } from "./router.ts";
import { rules } from "./rules.ts";
import { keyField, usableKey } from "./standing.ts";
import type { Target } from "./target.ts";

const firstPauseMs = 250;
const longestPauseMs = 4_000;

/** Serves one request: decides, calls, falls over, records. Its hints are known to be right. */
export async function route(context: RouteContext, request: LlmRequest, options: RouteOptions): Promise<RouteOutcome> {
  const routed = await begin(context, request, options);
  for (;;) {
    const step = nextOf(routed, context);
    if (step.type === "rejected") return rejected(routed);
    if (step.type === "exhausted") return exhausted(routed, context);
    if (options.signal.aborted && context.clock() < options.deadline) return cancelled(routed);
    const isRepetition = step.round > routed.pauses;
    const pauseMs = isRepetition ? pauseBefore(step.round, context.random()) : 0;
    const spent = budgetSpent(routed, pauseMs, context);
    if (spent) return exhausted(routed, context, spent);
    if (isRepetition) {
      await context.sleep(pauseMs, options.signal);
      routed.pauses = step.round;
      // Others have called meanwhile: their failures may have opened a breaker.
      routed.snapshot = await context.store.read(routed.pool, false);
      routed.lostProbes.clear();
      continue;
    }
    const probe = await claimIfNeeded(step.target, routed, context);
    if (probe === "lost") continue;
    const result = await callTarget(step.target, probe, routed, context);
    if (result.ok) return answered(routed, result.answer, result.record);
  }
}

function nextOf(routed: RoutedRequest, context: RouteContext): Next {
  const targets = routed.pool.map((target) => {
    const availability = standingOf(target, routed, context);
    return {
      target,
      isCallable: isCallable({ ...target, availability }, routed.isSole),
      isClosed: availability.state === "closed" || availability.state === "ramping",
      contextWindow: providerOf(target.provider, context).contextWindow(target.model),
    };
  });
  return next(targets, routed.failed);
}

/** What forbids a further call, or undefined. */
function budgetSpent({ calls, options }: RoutedRequest, pauseMs: number, { clock }: RouteContext): string | undefined {
  const { max_calls: maxCalls = defaultMaxCalls, max_usd: maxUsd } = options.hints;
  const spentUsd = calls.reduce((sum, call) => sum + (call.costUsd ?? 0), 0);
  if (calls.length >= maxCalls) return `The request's ${maxCalls} calls are spent.`;
  if (maxUsd !== undefined && spentUsd > maxUsd) return `The request's ${maxUsd} USD are spent.`;
  if (clock() + pauseMs >= options.deadline) return "The request's time is over.";
  return undefined;
}

/** @param round 1 for the first repetition @param random 0..1, moves it by up to 20 % either way */
function pauseBefore(round: number, random: number): number {
  return Math.round(Math.min(firstPauseMs * 2 ** (round - 1), longestPauseMs) * (0.8 + 0.4 * random));
}

/** Takes the probe of a target that is half open. @returns its token, empty where none is needed; `lost`: another process has it */
async function claimIfNeeded(
  target: Target,
  routed: RoutedRequest,
  context: RouteContext,
): Promise<{ readonly token: string } | "lost"> {
  const provider = providerOf(target.provider, context);
  const candidate = { ...target, servesAsked: true };
  if (!standingOf(candidate, routed, context).needsProbe) return { token: "" };
  const token = `${provider.name}-${context.token()}`;
  const claim = await context.store.claim(target, token);
  if (claim === "claimed") return { token };
  if (claim === "closed" || routed.isSole) return { token: "" };
  routed.lostProbes.add(target.provider);
  return "lost";
}

/** Makes one call, records what it says about the target's health, and keeps it with the request. */
async function callTarget(
  target: Target,
  { token }: { readonly token: string },
  routed: RoutedRequest,
  context: RouteContext,
): Promise<CallResult> {
  const { store, clock } = context;
  const { options, calls } = routed;
  const provider = providerOf(target.provider, context);
  const key = usableKey(provider, routed.snapshot) ?? provider.keys[0] ?? "default";
  const renewal = token === "" ? undefined : setInterval(() => void store.claim(target, token), rules.probeLeaseMs / 3);
  renewal?.unref();
  const result = await attemptCall({
    target,
    provider,
    key,
    request: routed.request,
    signal: options.signal,
    idempotencyKey: `${options.idempotencyKey}-${calls.length + 1}`,
    deadline: options.deadline,
    clock,
  }).finally(() => clearInterval(renewal));
  const outcome = result.ok ? ({ kind: "ok", ms: 0 } as const) : healthOf(result.failure.class, result.failure);
  calls.push(result.record);
  const report = { ...outcome, target, token, keyField: keyField(provider, key), durationMs: result.record.durationMs };
  routed.snapshot = await store.record(report, routed.pool);
  if (!result.ok) {
    routed.failed.push({ target, class: result.failure.class });
    options.onCallFailed?.(result.record);
  }
  return result;
}

import type { Hints } from "../core/call.ts";
import type { LlmRequest } from "../providers/provider.ts";
import { inabilityOf, needsOf } from "./able.ts";
import type { RouteContext } from "./context.ts";
import { isStrict, type Known, priceInForce } from "./known.ts";
import { type CallResult, makeCall } from "./make-call.ts";
import { healthOf } from "./outcome-of.ts";
import { askOf } from "./rated.ts";
import type { RoutedRequest } from "./request.ts";
import type { RouteOutcome } from "./router.ts";
import { rules } from "./rules.ts";
import { availabilityOf, keyField, usableKey } from "./standing.ts";
import { type Target, targetId } from "./target.ts";

/** Told of the request's own outcome, so that the two can be compared. */
export type ReportOutcome = (outcome: RouteOutcome) => void;

/**
 * Mirrors a share of the requests to the shadow target. Nobody waits for that call, and whatever becomes of it the request does not feel it; it counts in
 * the target's health, limits and use, since it is a real call, but is none of the request's calls.
 */
export function mirror(routed: RoutedRequest, context: RouteContext): ReportOutcome {
  const target = shadowOf(routed, context);
  if (!target) return () => undefined;
  const called = callShadow(target, routed, context).catch(() => undefined);
  return (outcome) => {
    void called.then(async (result) => {
      if (!result || outcome.type !== "answered") return;
      const answer = outcome.calls.find(({ ok }) => ok);
      // After a failover the shadow's target may be who answered: it says nothing beside itself.
      if (answer && targetId(answer) === targetId(target)) return;
      await context.shadows.add({
        shadow: target,
        answered: { provider: outcome.served.provider, model: answer?.model ?? outcome.served.modelServed },
        ok: result.ok,
        durationMs: { shadow: result.record.durationMs, answered: answer?.durationMs ?? 0 },
        costUsd: { shadow: result.record.costUsd, answered: outcome.served.costUsd },
        length: { shadow: result.ok ? result.answer.text.length : 0, answered: outcome.answer.text.length },
      });
    });
  };
}

/** The target to mirror this request to, if it is drawn and somebody else is about to answer. */
function shadowOf(
  { known, decided, options, request, estimate }: RoutedRequest,
  { random }: RouteContext,
): Target | undefined {
  const { shadow } = known.routing;
  if (!shadow || random() >= shadow.share || !mayHear(shadow.provider, options.hints, known)) return undefined;
  const provider = known.providers.get(shadow.provider);
  if (!provider) return undefined;
  const target = { provider: shadow.provider, model: shadow.model ?? provider.defaultModel };
  // A mirrored request is compared, not passed on.
  // Nothing is learnt from vectors of another model.
  if (request.wire?.untranslated || request.embed) return undefined;
  if (inabilityOf(target.model, provider.capabilities(target.model), needsOf(request, estimate))) return undefined;
  const first = decided.order[0];
  return first?.provider === target.provider && first.model === target.model ? undefined : target;
}

/** Who says which providers a request may go to says so of its mirror too. */
function mayHear(provider: string, hints: Hints, known: Known): boolean {
  if (isStrict(hints, known) && hints.provider !== provider) return false;
  return hints.allow === undefined || hints.allow.includes(provider);
}

async function callShadow(
  target: Target,
  routed: RoutedRequest,
  { fleet, ledger, spent, clock, token, closing }: RouteContext,
): Promise<CallResult | undefined> {
  const { known, estimate, options } = routed;
  const provider = known.providers.get(target.provider);
  if (!provider) return undefined;
  const limits = known.routing.limits[target.provider] ?? null;
  const fields = provider.keys.map((label) => keyField(provider, label));
  const question = { targets: [target], count: false, uses: limits ? [target.provider, ...fields] : [] };
  const snapshot = await fleet.read(question);
  const ask = askOf(target, estimate, known);
  const standing = availabilityOf(target, provider, known, snapshot, () => ask);
  // A probe is for a request that counts.
  if (standing.block || standing.needsProbe) return undefined;
  const key = usableKey(provider, known, snapshot, ask) ?? provider.keys[0] ?? "default";
  const field = keyField(provider, key);
  const keyLimits = limits?.keys[key] ?? null;
  const reserved = await fleet.reserve({
    provider: target.provider,
    keyField: field,
    limits,
    keyLimits,
    ask,
    token: token(),
  });
  if (reserved.type === "full") return undefined;
  const { booked } = reserved;
  const renewal = setInterval(() => void fleet.keep(booked), rules.leaseMs / 3).unref();
  const timeLeft = AbortSignal.timeout(Math.max(1, routed.deadline - clock()));
  const result = await makeCall({
    target,
    provider,
    key,
    request: translated(routed.request),
    estimate,
    perThousand: priceInForce(target.provider, known),
    signal: AbortSignal.any([closing, timeLeft]),
    idempotencyKey: `${options.idempotencyKey}-shadow`,
    deadline: routed.deadline,
    clock,
  }).finally(() => clearInterval(renewal));
  const { usage, costUsd, durationMs } = result.record;
  ledger.add(result.record, options.workflow ?? null, options.tenant);
  spent.add(result.record, options);
  await fleet.record(
    {
      ...(result.ok ? ({ kind: "ok", ms: 0 } as const) : healthOf(result.failure.class, result.failure)),
      target,
      token: "",
      keyField: field,
      durationMs,
      // Not streamed: its whole duration is no time to a first token.
      latencyMs: null,
      settle: { booked, actual: { tokens: (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0), usd: costUsd } },
    },
    question,
  );
  return result;
}

/** The request in our own words: nobody waits for a vendor's answer as it came. */
function translated({ wire, ...request }: LlmRequest): LlmRequest {
  return request;
}

import type { RoutingSettings } from "../config/settings.ts";
import { CallFailure, type Provider } from "../providers/provider.ts";
import { availability } from "./availability.ts";
import type { Outcome } from "./breaker.ts";
import type { RouteContext } from "./context.ts";
import type { Known } from "./known.ts";
import { healthOf } from "./outcome-of.ts";
import { rules } from "./rules.ts";
import { keyField } from "./standing.ts";
import type { Target } from "./target.ts";

/** What came of checking a provider. `skipped`: it was not asked, or what it said tells nothing about its health. */
export type CheckResult = "up" | "down" | "skipped";

/** Longest wait for a check's answer: shorter than the lease of a probe, so that nobody else probes meanwhile. */
const checkMs = rules.probeLeaseMs / 2;

/**
 * Asks a provider whether it is up, and records that as one call of its own model's target. An open breaker whose time is over is probed, so that
 * a provider which is back gets requests again before one had to try. Left alone: who is not enabled, drained, out, or has nothing to ask.
 */
export async function check(name: string, context: RouteContext): Promise<CheckResult> {
  const known = await knownNow(context);
  const provider = known.providers.get(name);
  if (!provider?.check || !checkedProviders(known.routing).includes(name)) return "skipped";
  const { fleet, clock } = context;
  const target = { provider: name, model: provider.defaultModel };
  // It is asked with its first key.
  const field = keyField(provider, provider.keys[0] ?? "default");
  const probe = await admitted(target, field, context);
  if (probe === undefined) return "skipped";
  const begun = clock();
  const outcome = await answerOf(provider, context.closing);
  const report = { ...outcome, target, token: probe, keyField: field, latencyMs: null, settle: null };
  await fleet.record({ ...report, durationMs: clock() - begun }, questionOf(target));
  if (outcome.kind === "neutral") return "skipped";
  return outcome.kind === "ok" ? "up" : "down";
}

/** The providers that active checks ask. */
export function checkedProviders({ enabled, drained }: RoutingSettings): readonly string[] {
  return enabled.filter((name) => !drained.includes(name));
}

/** What requests are routed by at this moment, by what Redis has. */
export async function knownNow({ live, fleet }: RouteContext): Promise<Known> {
  const { routing } = await fleet.read({ targets: [], count: false, uses: [] });
  live.learn(routing);
  return live.current();
}

/** Whether a target may be asked now. @returns the token of its probe, empty where none is needed; undefined: it may not */
async function admitted(target: Target, field: string, context: RouteContext): Promise<string | undefined> {
  const { fleet } = context;
  const snapshot = await fleet.read(questionOf(target));
  const circumstances = { keysOutUntil: snapshot.keyOutUntil(field) };
  const { block, needsProbe } = availability(snapshot.health(target), circumstances, snapshot.now, rules);
  if (block) return undefined;
  if (!needsProbe) return "";
  const token = `${target.provider}-${context.token()}`;
  const claim = await fleet.claim(target, token);
  if (claim === "held") return undefined;
  return claim === "claimed" ? token : "";
}

function questionOf(target: Target) {
  return { targets: [target], count: false, uses: [] };
}

async function answerOf(provider: Provider, closing: AbortSignal): Promise<Pick<Outcome, "kind" | "ms">> {
  const late = AbortSignal.timeout(checkMs);
  try {
    await provider.check?.(AbortSignal.any([late, closing]));
    return { kind: "ok", ms: 0 };
  } catch (error) {
    const failure =
      error instanceof CallFailure ? error : new CallFailure("malformed", String(error), { cause: error });
    const isLate = failure.class === "cancelled" && late.aborted && !closing.aborted;
    const health = healthOf(isLate ? "timeout" : failure.class, failure);
    // A server that has no list of models says nothing about its models.
    return health.kind === "gone" ? { kind: "neutral", ms: 0 } : health;
  }
}

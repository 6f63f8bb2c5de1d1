import type { Hints } from "../core/call.ts";
import { AppError } from "../core/errors.ts";
import type { Provider } from "../providers/provider.ts";
import { type Candidate, candidatesOf, type RatedCandidate } from "./candidates.ts";
import { asUsage, type Estimate } from "./estimate.ts";
import type { FleetQuestion, Snapshot } from "./fleet.ts";
import type { Known } from "./known.ts";
import { latencyAt } from "./latency.ts";
import { type Ask, callsUnderWay } from "./limits.ts";
import { rules } from "./rules.ts";
import { availabilityOf, keyField } from "./standing.ts";
import { strategies } from "./strategies/registry.ts";
import type { Strategy } from "./strategies/strategy.ts";

/** A configured provider. */
export function providerOf(name: string, { providers }: Known): Provider {
  const provider = providers.get(name);
  if (!provider) throw new AppError("internal", { message: `Provider ${name} is not configured.` });
  return provider;
}

/** The strategy of a request: its own, else the configured one. */
export function strategyNameOf(hints: Hints, { routing }: Known): keyof typeof strategies {
  const names = Object.keys(strategies) as (keyof typeof strategies)[];
  return names.find((name) => name === hints.strategy) ?? routing.strategy;
}

/** What a call to a target will probably use. */
export function askOf(
  target: { readonly provider: string; readonly model: string },
  estimate: Estimate,
  known: Known,
): Ask {
  const provider = providerOf(target.provider, known);
  return {
    tokens: estimate.inputTokens + estimate.outputTokens,
    usd: provider.costUsd(target.model, asUsage(estimate), known.routing.costs[target.provider]),
  };
}

/** What a decision must look at. @param everything also what only people ask about */
export function questionOf(
  hints: Hints,
  known: Known,
  affinity: string | undefined,
  everything = false,
): FleetQuestion & { readonly candidates: readonly Candidate[] } {
  const candidates = candidatesOf(hints, known);
  const able = candidates.filter((candidate) => candidate.excluded === undefined);
  const { needs } = strategies[strategyNameOf(hints, known)];
  const uses = able.flatMap(({ provider: name }) => {
    const limits = known.routing.limits[name];
    const keys = limits ? Object.keys(limits.keys) : [];
    const provider = providerOf(name, known);
    const fields = keys.filter((label) => provider.keys.includes(label)).map((label) => keyField(provider, label));
    return limits || needs === "busy" || everything ? [name, ...fields] : [];
  });
  return {
    candidates,
    targets: everything ? candidates : able,
    count: needs === "counter" && !everything,
    uses,
    ...(affinity !== undefined && known.routing.affinity === "run" ? { affinity } : {}),
  };
}

/** Candidates with what the snapshot and the request say of each. @param needs what the strategy needs to know: prices are looked up for it alone */
export function rate(
  candidates: readonly Candidate[],
  estimate: Estimate,
  known: Known,
  snapshot: Snapshot,
  needs: Strategy["needs"],
): readonly RatedCandidate[] {
  return candidates.map(({ provider: name, model, servesAsked, excluded }) => {
    const target = { provider: name, model };
    const ask = () => askOf(target, estimate, known);
    return {
      provider: name,
      model,
      servesAsked,
      excluded,
      availability: availabilityOf(target, providerOf(name, known), known, snapshot, ask),
      latencyMs: latencyAt(snapshot.health(target).latency, snapshot.now, rules),
      busy: callsUnderWay(snapshot.use(name), snapshot.now),
      costUsd: needs === "cost" ? ask().usd : null,
    };
  });
}

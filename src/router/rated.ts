import type { Hints } from "../core/call.ts";
import { AppError } from "../core/errors.ts";
import type { Provider } from "../providers/provider.ts";
import { type Needs, setAsideUnable } from "./able.ts";
import { type Candidate, candidatesOf, type RatedCandidate } from "./candidates.ts";
import { asUsage, type Estimate } from "./estimate.ts";
import type { FleetQuestion, Snapshot } from "./fleet.ts";
import { type Known, priceInForce } from "./known.ts";
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
  if (hints.strategy === undefined) return routing.strategy;
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
    usd: provider.costUsd(target.model, asUsage(estimate), priceInForce(target.provider, known)),
  };
}

/** What a decision must look at, and the candidates that it chooses from. */
export interface CandidatesQuestion extends FleetQuestion {
  readonly candidates: readonly Candidate[];
}

/** What a question depends on besides hints and routing. */
export interface QuestionOptions {
  /** Run whose target is asked for. */
  readonly affinity?: string | undefined;
  /** What the request needs; absent: nothing that a model could lack. */
  readonly needs?: Needs;
  /** Also what only people ask about. */
  readonly everything?: boolean;
}

/** What a decision must look at. */
export function questionOf(
  hints: Hints,
  known: Known,
  { affinity, needs, everything = false }: QuestionOptions = {},
): CandidatesQuestion {
  const question = rememberedQuestion(hints, known, everything);
  const candidates = needs ? setAsideUnable(question.candidates, needs, known) : question.candidates;
  const isBound = affinity !== undefined && known.routing.affinity === "run";
  if (candidates === question.candidates && !isBound) return question;
  return { ...question, candidates, ...(isBound ? { affinity } : {}) };
}

/** Questions by the hints that they depend on. Most requests have the same ones, and the routing seldom changes. */
const questions = new WeakMap<Known, Map<string, CandidatesQuestion>>();
const mostQuestions = 1_000;

function rememberedQuestion(hints: Hints, known: Known, everything: boolean): CandidatesQuestion {
  const { strategy, provider, model, strict_provider: strict, allow } = hints;
  const key = JSON.stringify([strategy, provider, model, strict, allow, everything]);
  const ofKnown = questions.get(known) ?? new Map<string, CandidatesQuestion>();
  const found = ofKnown.get(key);
  if (found) return found;
  const made = makeQuestion(hints, known, everything);
  if (ofKnown.size >= mostQuestions) ofKnown.clear();
  questions.set(known, ofKnown.set(key, made));
  return made;
}

function makeQuestion(hints: Hints, known: Known, everything: boolean): CandidatesQuestion {
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
  return candidates.map((candidate) => {
    const { provider: name, model, servesAsked, excluded } = candidate;
    const ask = () => askOf(candidate, estimate, known);
    return {
      provider: name,
      model,
      servesAsked,
      excluded,
      availability: availabilityOf(candidate, providerOf(name, known), known, snapshot, ask),
      latencyMs: latencyAt(snapshot.health(candidate).latency, snapshot.now, rules),
      busy: callsUnderWay(snapshot.use(name), snapshot.now),
      costUsd: needs === "cost" ? ask().usd : null,
    };
  });
}

import type { Limits } from "../config/settings.ts";
import type { Hints } from "../core/call.ts";
import type { ExplainedCandidate, ExplainRequest, Explanation, LimitUse } from "../core/routing.ts";
import type { Health } from "./breaker.ts";
import { cheaper, setAsideSpent, type Verdict } from "./budgets.ts";
import { type Candidate, isSole } from "./candidates.ts";
import type { RouteContext } from "./context.ts";
import { decide } from "./decide.ts";
import type { Snapshot } from "./fleet.ts";
import type { Known } from "./known.ts";
import { callsUnderWay, type Use } from "./limits.ts";
import { providerOf, questionOf, rate, strategyNameOf } from "./rated.ts";
import { chainOf, drawsFor } from "./request.ts";
import { keyField } from "./standing.ts";
import { strategies } from "./strategies/registry.ts";

const usualTokens = { input: 500, output: 1_000 };

/** Decides without calling, and without taking a turn of round robin. */
export async function explanation(context: RouteContext, request: ExplainRequest): Promise<Explanation> {
  const estimate = {
    inputTokens: request.inputTokens ?? usualTokens.input,
    outputTokens: request.maxTokens ?? usualTokens.output,
  };
  const needs = { images: false, tools: false, inputTokens: estimate.inputTokens };
  let known: Known;
  let snapshot: Snapshot;
  let candidates: readonly Candidate[];
  let verdict: Verdict;
  let hints: Hints;
  do {
    known = context.live.current();
    verdict = await context.judge(known, request);
    hints = verdict.downgraded ? cheaper(request.hints, verdict.downgraded, known) : request.hints;
    const question = questionOf(hints, known, { needs, everything: true });
    candidates = setAsideSpent(question.candidates, verdict);
    snapshot = await context.fleet.read(question);
  } while (context.live.learn(snapshot.routing));
  const strategyName = strategyNameOf(hints, known);
  const rated = rate(candidates, estimate, known, snapshot, "cost");
  const { decision, order, facts } = decide({
    strategy: strategyName,
    hints,
    candidates: rated,
    isSole: isSole(known),
    weights: known.routing.weights,
    chain: chainOf(known.routing),
    counter: snapshot.counter,
    bound: null,
    version: known.version,
    avoided: verdict.last,
    budgets: verdict.notes,
    draws: drawsFor(candidates, hints, context.random),
    degraded: snapshot.degraded,
  });
  const strategy = strategies[strategyName];
  const explained = rated.map((candidate): ExplainedCandidate => {
    const place = order.findIndex(({ provider }) => provider === candidate.provider);
    const health = snapshot.health(candidate);
    const target = facts.targets.find(({ provider }) => provider === candidate.provider);
    return {
      provider: candidate.provider,
      model: candidate.model,
      place: place < 0 ? null : place + 1,
      state: candidate.availability.state,
      share: candidate.availability.share,
      reason: candidate.excluded ?? candidate.availability.block?.reason ?? null,
      breaker: { state: health.state, until: health.until, ...countsOf(health) },
      limitedUntil: health.limitedUntil,
      latencyMs: candidate.latencyMs,
      busy: candidate.busy,
      costUsd: candidate.costUsd,
      score: target ? strategy.score(target, facts) : null,
      limits: limitsOf(candidate.provider, known, snapshot),
    };
  });
  const rank = ({ place }: ExplainedCandidate) => place ?? Number.POSITIVE_INFINITY;
  return {
    decision,
    candidates: explained.sort((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b))),
    routingVersion: known.version,
    degraded: snapshot.degraded,
  };
}

function countsOf({ calls }: Health): { readonly failed: number; readonly answered: number } {
  const sum = (mark: string) =>
    Object.entries(calls).reduce((total, [name, count]) => total + (name.startsWith(mark) ? count : 0), 0);
  return { failed: sum("f:"), answered: sum("o:") };
}

function limitsOf(name: string, known: Known, snapshot: Snapshot): readonly LimitUse[] {
  const limits = known.routing.limits[name];
  if (!limits) return [];
  const provider = providerOf(name, known);
  const ofKeys = Object.entries(limits.keys).flatMap(([label, ofKey]) =>
    usedOf(`${name} ${label}`, ofKey, snapshot.use(keyField(provider, label)), snapshot.now),
  );
  return [...usedOf(name, limits, snapshot.use(name), snapshot.now), ...ofKeys];
}

function usedOf(name: string, limits: Limits, use: Use, now: number): readonly LimitUse[] {
  const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((total, n) => total + n, 0);
  const used: Readonly<Record<keyof Limits, number>> = {
    requestsPerMinute: sum(use.requests),
    tokensPerMinute: sum(use.tokens),
    concurrency: callsUnderWay(use, now),
    usdPerDay: sum(use.nanoUsd) / 1e9,
  };
  return (["requestsPerMinute", "tokensPerMinute", "concurrency", "usdPerDay"] as const).flatMap((limit) => {
    const allowed = limits[limit];
    return allowed === null ? [] : [{ name, limit, used: used[limit], allowed }];
  });
}

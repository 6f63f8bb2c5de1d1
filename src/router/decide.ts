import type { StrategyName } from "../config/settings.ts";
import type { BudgetNote } from "../core/budget.ts";
import type { Decision, DecisionCandidate, Hints } from "../core/call.ts";
import type { RatedCandidate } from "./candidates.ts";
import { explain } from "./explain.ts";
import { type OrderFacts, type OrderTarget, order } from "./order.ts";
import { strategies } from "./strategies/registry.ts";
import type { Target } from "./target.ts";

/** Everything that a decision rests on. */
export interface DecideInput {
  readonly strategy: StrategyName;
  readonly hints: Hints;
  /** Sorted by name. */
  readonly candidates: readonly RatedCandidate[];
  /** A sole candidate is called even while its breaker is open. */
  readonly isSole: boolean;
  readonly weights: Readonly<Record<string, number>>;
  readonly chain: readonly string[];
  readonly counter: number;
  /** Provider that the run is bound to. */
  readonly bound: string | null;
  /** Version of the routing that was set at run time; 0: none was. */
  readonly version: number;
  /** Providers that wait behind the others. */
  readonly avoided: readonly string[];
  /** Two random numbers 0..1 for each candidate. */
  readonly draws: readonly (readonly [number, number])[];
  readonly degraded: boolean;
  /** Budgets that had a say. Default: none. */
  readonly budgets?: readonly BudgetNote[];
}

/** The decision, and the targets to call in order. Empty: nobody may be called now. */
export interface Decided {
  readonly decision: Decision;
  /** What the order rests on. */
  readonly facts: OrderFacts;
  readonly order: readonly Target[];
}

/** Whether a candidate may be called. */
export function isCallable(
  { excluded, availability }: Pick<RatedCandidate, "excluded" | "availability">,
  isSole: boolean,
): boolean {
  if (excluded !== undefined) return false;
  const { block } = availability;
  return block === undefined || (isSole && (block.kind === "outage" || block.kind === "probing"));
}

/** Chooses. Pure: the same input gives the same decision, and the decision's `inputs` give the same order again. */
export function decide(input: DecideInput): Decided {
  const { candidates, hints, isSole } = input;
  const strategy = strategies[input.strategy];
  const aside = new Map<string, RatedCandidate>();
  const targets: OrderTarget[] = [];
  candidates.forEach((candidate, i) => {
    const { provider, servesAsked, availability, latencyMs, busy, costUsd } = candidate;
    aside.set(provider, candidate);
    if (!isCallable(candidate, isSole)) return;
    const [draw, shareDraw] = input.draws[i] ?? [0.5, 0.5];
    const share = availability.block ? 1 : availability.share;
    targets.push({ provider, servesAsked, draw, share, shareDraw, latencyMs, busy, costUsd });
  });
  const facts: OrderFacts = {
    targets,
    hinted: hints.provider ?? null,
    bound: input.bound,
    weights: input.weights,
    chain: input.chain,
    counter: input.counter,
    avoided: input.avoided,
  };
  const names = order(strategy, facts);
  const chosen: RatedCandidate[] = [];
  for (const name of names) {
    const candidate = aside.get(name);
    if (candidate) chosen.push(candidate);
    aside.delete(name);
  }
  return {
    facts,
    order: chosen.map(({ provider, model }) => ({ provider, model })),
    decision: {
      strategy: input.strategy,
      hints,
      candidates: [
        ...chosen.map((one) => toRecord(one)),
        ...[...aside.values()].map((one) => toRecord(one, reasonOf(one))),
      ],
      reason: explain(strategy, facts, names, candidates, hints),
      inputs: facts,
      routingVersion: input.version,
      ...(input.budgets && input.budgets.length > 0 ? { budgets: input.budgets } : {}),
      ...(input.degraded ? { degraded: true } : {}),
    },
  };
}

function reasonOf({ excluded, availability }: RatedCandidate): string {
  return excluded ?? availability.block?.reason ?? "not chosen";
}

function toRecord({ provider, model, availability }: RatedCandidate, excluded?: string): DecisionCandidate {
  const { state } = availability;
  return excluded === undefined ? { provider, model, state } : { provider, model, state, excluded };
}

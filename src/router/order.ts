import type { JsonObject } from "../core/json.ts";
import type { Strategy, StrategyInput } from "./strategies/strategy.ts";

/** A callable candidate with what decides its place. */
export interface OrderTarget extends JsonObject {
  readonly provider: string;
  readonly servesAsked: boolean;
  /** A random number 0..1 for the strategy. */
  readonly draw: number;
  /** Share of its calls that it should get: 1, less while ramping up. */
  readonly share: number;
  /** A random number 0..1: below `share` it takes part, else it waits behind the others. */
  readonly shareDraw: number;
  /** Average time to the first token; null: unknown. */
  readonly latencyMs: number | null;
  /** Calls under way in the fleet. */
  readonly busy: number;
  /** What the request will probably cost there; null: unknown, or the strategy does not go by it. */
  readonly costUsd: number | null;
}

/** Everything that decides the order. Kept with the decision: the same facts give the same order. */
export interface OrderFacts extends JsonObject {
  /** Sorted by name. */
  readonly targets: readonly OrderTarget[];
  /** Provider of the hint, or null. */
  readonly hinted: string | null;
  /** Provider that served the run's step before, or null. */
  readonly bound: string | null;
  readonly weights: Readonly<Record<string, number>>;
  readonly chain: readonly string[];
  readonly counter: number;
  /** Providers that failed this work's attempt before: they wait behind the others. */
  readonly avoided: readonly string[];
}

/**
 * Orders the callable candidates: the hinted one, the one that the run is bound to, those that serve the asked model, those that don't; ramping ones that lost their draw; and behind
 * them all, in the same order, those that failed the attempt before.
 */
export function order(strategy: Strategy, facts: OrderFacts): readonly string[] {
  const groups: OrderTarget[][] = [[], [], [], [], [], []];
  for (const target of facts.targets) groups[rankOf(target, facts)]?.push(target);
  const ordered = groups.flatMap((targets) =>
    targets.length > 0 ? strategy.order(strategyInput(targets, facts)) : [],
  );
  if (facts.avoided.length === 0) return ordered;
  const isAvoided = (name: string) => facts.avoided.includes(name);
  return [...ordered.filter((name) => !isAvoided(name)), ...ordered.filter(isAvoided)];
}

/** 0 for the hinted one, 1 for the bound one, 2 and 3 for the others, 4 and 5 for those that wait; of each pair those that serve the asked model come first. */
function rankOf(target: OrderTarget, facts: OrderFacts): number {
  const { provider, servesAsked, share, shareDraw } = target;
  const takesPart = share >= 1 || shareDraw < share;
  if (takesPart && provider === facts.hinted) return 0;
  if (takesPart && isBound(target, facts)) return 1;
  return (takesPart ? 2 : 4) + (servesAsked ? 0 : 1);
}

/** A binding holds where the target serves what was asked for. */
function isBound(target: OrderTarget, { bound }: OrderFacts): boolean {
  return target.provider === bound && target.servesAsked;
}

/** The strategy's view of one group: the one that it chose `first` from. */
export function groupOf(first: string, facts: OrderFacts): StrategyInput {
  const same = facts.targets.find((target) => target.provider === first);
  const isAvoided = ({ provider }: { readonly provider: string }) => facts.avoided.includes(provider);
  const group = facts.targets.filter(
    (target) =>
      isAvoided(target) === isAvoided({ provider: first }) &&
      target.servesAsked === same?.servesAsked &&
      target.shareDraw < target.share === same.shareDraw < same.share,
  );
  return strategyInput(group, facts);
}

function strategyInput(targets: readonly OrderTarget[], { weights, chain, counter }: OrderFacts): StrategyInput {
  return { targets, weights, chain, counter };
}

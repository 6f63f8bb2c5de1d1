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
  const takesPart = (target: OrderTarget) => target.share >= 1 || target.shareDraw < target.share;
  const isFirst = (target: OrderTarget) => target.provider === facts.hinted || isBound(target, facts);
  const present = facts.targets.filter(takesPart);
  const waiting = facts.targets.filter((target) => !takesPart(target));
  const rest = present.filter((target) => !isFirst(target));
  const groups = [
    present.filter((target) => target.provider === facts.hinted),
    present.filter((target) => target.provider !== facts.hinted && isBound(target, facts)),
    rest.filter((target) => target.servesAsked),
    rest.filter((target) => !target.servesAsked),
    waiting.filter((target) => target.servesAsked),
    waiting.filter((target) => !target.servesAsked),
  ];
  const ordered = groups.flatMap((targets) => strategy.order(strategyInput(targets, facts)));
  const isAvoided = (name: string) => facts.avoided.includes(name);
  return [...ordered.filter((name) => !isAvoided(name)), ...ordered.filter(isAvoided)];
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

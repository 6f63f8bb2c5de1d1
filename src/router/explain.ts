import type { Hints } from "../core/call.ts";
import type { RatedCandidate } from "./candidates.ts";
import { groupOf, type OrderFacts } from "./order.ts";
import type { Strategy } from "./strategies/strategy.ts";

/** A decision in one sentence: `weighted drew anthropic (30 of 100); openai is open until 12:01:03`. Times are UTC. */
export function explain(
  strategy: Strategy,
  facts: OrderFacts,
  names: readonly string[],
  candidates: readonly RatedCandidate[],
  hints: Hints,
): string {
  const first = names[0];
  const parts = [first === undefined ? "nobody may be called now" : choice(strategy, facts, first)];
  for (const { provider, excluded, availability } of candidates) {
    if (excluded === undefined && availability.block) parts.push(`${provider} is ${availability.block.reason}`);
    else if (excluded !== undefined && provider === hints.provider) parts.push(`${provider} is ${excluded}`);
  }
  for (const { provider, share, shareDraw } of facts.targets) {
    if (share < 1 && shareDraw >= share) parts.push(`${provider} is ramping up (${Math.round(share * 100)} %)`);
  }
  for (const provider of facts.avoided) {
    if (provider !== first && names.includes(provider))
      parts.push(`${provider} failed the attempt before and waits behind`);
  }
  const served = candidates.find((candidate) => candidate.provider === first);
  if (served && !served.servesAsked) parts.push(`${first} does not serve ${hints.model}, ${served.model} answers`);
  return parts.join("; ");
}

function choice(strategy: Strategy, facts: OrderFacts, first: string): string {
  if (facts.hinted === first) return `the hint asks for ${first}`;
  if (facts.bound === first) return `the run stays with ${first}`;
  return strategy.explain(groupOf(first, facts), first);
}

import { noLimits } from "../config/settings.ts";
import type { Provider } from "../providers/provider.ts";
import { type Availability, availability, type Block, type Circumstances, fullWords } from "./availability.ts";
import type { Snapshot } from "./fleet.ts";
import type { Known } from "./known.ts";
import { type Ask, fullAt } from "./limits.ts";
import { rules } from "./rules.ts";
import type { Target } from "./target.ts";

/** The field of a provider's key in the shared keyring. */
export function keyField(provider: Provider, label: string): string {
  return `${provider.name}:${provider.keyId(label)}`;
}

/** The first of a provider's keys that may be used. */
export function usableKey(provider: Provider, known: Known, snapshot: Snapshot, ask: Ask): string | undefined {
  return usableKeys(provider, known, snapshot, ask)[0];
}

/** Those of a provider's keys that have not been refused and have room for the call, in their order. */
export function usableKeys(provider: Provider, known: Known, snapshot: Snapshot, ask: Ask): readonly string[] {
  return provider.keys.filter((label) => {
    const field = keyField(provider, label);
    if (snapshot.keyOutUntil(field) > snapshot.now) return false;
    const limits = known.routing.limits[provider.name]?.keys[label];
    return !limits || !fullAt(snapshot.use(field), limits, ask, snapshot.now, rules);
  });
}

/** Whether a target may be called at the snapshot's moment. @param ask what the call would use, for a provider that has limits */
export function availabilityOf(
  target: Target,
  provider: Provider,
  known: Known,
  snapshot: Snapshot,
  ask: () => Ask,
): Availability {
  const circumstances: Circumstances = {
    keysOutUntil: keysOutUntil(provider, snapshot),
    full: fullOf(provider, known, snapshot, ask),
    isDrained: known.routing.drained.includes(provider.name),
    rampSince: known.routing.rampSince[provider.name] ?? 0,
  };
  return availability(snapshot.health(target), circumstances, snapshot.now, rules);
}

/** When the first of a provider's keys may be used again; 0: now. */
function keysOutUntil(provider: Provider, snapshot: Snapshot): number {
  let first = Number.POSITIVE_INFINITY;
  for (const label of provider.keys) {
    first = Math.min(first, snapshot.keyOutUntil(keyField(provider, label)));
    if (first === 0) break;
  }
  return Number.isFinite(first) ? first : 0;
}

/** The limit that keeps a call from a provider: its own, or those of all its keys that may be used. */
function fullOf(provider: Provider, known: Known, snapshot: Snapshot, asked: () => Ask): Circumstances["full"] {
  const limits = known.routing.limits[provider.name];
  if (!limits) return undefined;
  const ask = asked();
  const own = fullAt(snapshot.use(provider.name), limits, ask, snapshot.now, rules);
  if (own) return { ...own, words: fullWords(own, limits) };
  const keys = provider.keys
    .filter((label) => snapshot.keyOutUntil(keyField(provider, label)) <= snapshot.now)
    .map((label) => {
      const ofKey = limits.keys[label] ?? noLimits;
      const full = fullAt(snapshot.use(keyField(provider, label)), ofKey, ask, snapshot.now, rules);
      return full && { ...full, words: fullWords(full, ofKey, true) };
    });
  if (keys.length === 0 || keys.some((full) => full === undefined)) return undefined;
  return keys.reduce((first, full) => (first && full && full.until < first.until ? full : first));
}

/** How long until a blocked target is worth asking about. Another's probe may end at any moment: soon, and not all waiters at once. @param random 0..1 */
export function waitFor(block: Block, now: number, random: number): number {
  const soon = block.kind === "probing" || block.kind === "full";
  const leastMs = soon ? Math.round(250 + 250 * random) : 1;
  return block.kind === "probing" ? leastMs : Math.max(leastMs, Math.ceil(block.until - now));
}

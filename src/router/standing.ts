import type { Provider } from "../providers/provider.ts";
import { type Availability, availability, type Block } from "./availability.ts";
import type { Snapshot } from "./health-store.ts";
import { rules } from "./rules.ts";
import type { Target } from "./target.ts";

/** The field of a provider's key in the shared keyring. */
export function keyField(provider: Provider, label: string): string {
  return `${provider.name}:${provider.keyId(label)}`;
}

/** The first of a provider's keys that has not been refused. */
export function usableKey(provider: Provider, snapshot: Snapshot): string | undefined {
  return provider.keys.find((label) => snapshot.keyOutUntil(keyField(provider, label)) <= snapshot.now);
}

/** Whether a target may be called at the snapshot's moment. */
export function availabilityOf(target: Target, provider: Provider, snapshot: Snapshot): Availability {
  const out = provider.keys.map((label) => snapshot.keyOutUntil(keyField(provider, label)));
  return availability(snapshot.health(target), out.length > 0 ? Math.min(...out) : 0, snapshot.now, rules);
}

/** How long until a blocked target is worth asking about. Another's probe may end at any moment: soon, and not all waiters at once. @param random 0..1 */
export function waitFor(block: Block, now: number, random: number): number {
  return block.kind === "probing" ? Math.round(250 + 250 * random) : Math.max(1, Math.ceil(block.until - now));
}

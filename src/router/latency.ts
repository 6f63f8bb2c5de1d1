import type { Rules } from "./rules.ts";

/** A target's moving average of the time to its first token. `at`: epoch milliseconds of the newest call in it. */
export interface Latency {
  readonly ms: number;
  readonly at: number;
}

/** Folds one answered call in. Pure; lua/breaker.lua is the same rule. @param last undefined: the first one. @returns whole microseconds, which Redis keeps without loss */
export function foldLatency(last: Latency | undefined, ms: number, now: number, rules: Rules): Latency {
  const folded = last ? last.ms + rules.latencyWeight * (ms - last.ms) : ms;
  return { ms: Math.floor(folded * 1_000 + 0.5) / 1_000, at: now };
}

/**
 * What the average says at a moment: it fades by half in {@link Rules.latencyHalfLifeMs} without a call, so that a target which was slow is tried again.
 * Null: nobody has called it.
 */
export function latencyAt(latency: Latency | undefined, now: number, rules: Rules): number | null {
  if (!latency) return null;
  return latency.ms * 0.5 ** (Math.max(0, now - latency.at) / rules.latencyHalfLifeMs);
}

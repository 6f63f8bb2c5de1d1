import type { Health } from "../breaker.ts";
import type { BreakerChange, LimitedSpan } from "./report.ts";

/** Gathers what becomes of the breakers and how long providers are left alone. Times are milliseconds from the replay's beginning. */
export interface HealthLog {
  moved(provider: string, before: Health, after: Health, atMs: number): void;
  breakers(): readonly BreakerChange[];
  limited(): readonly LimitedSpan[];
}

/** @param start epoch milliseconds of the beginning */
export function createHealthLog(start: number): HealthLog {
  const breakers: BreakerChange[] = [];
  const limited: { provider: string; fromMs: number; toMs: number }[] = [];
  const lastOf = new Map<string, { provider: string; fromMs: number; toMs: number }>();
  return {
    moved(provider, before, after, atMs) {
      if (after.state !== before.state) breakers.push({ provider, atMs, state: after.state });
      if (after.limitedUntil <= before.limitedUntil) return;
      const toMs = after.limitedUntil - start;
      const last = lastOf.get(provider);
      if (last && atMs <= last.toMs) last.toMs = toMs;
      else {
        const span = { provider, fromMs: atMs, toMs };
        limited.push(span);
        lastOf.set(provider, span);
      }
    },
    breakers: () => breakers,
    limited: () => limited,
  };
}

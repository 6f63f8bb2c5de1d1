import type { FailureClass } from "../../core/call.ts";
import type { Health } from "../breaker.ts";
import { rules } from "../rules.ts";
import type { EndedCall } from "./replay-context.ts";
import type { OutageReport } from "./report.ts";
import type { Outage, ScenarioProvider } from "./scenario.ts";

/** Watches how the fleet takes each outage: when the provider is taken out, and when it is back. Times are milliseconds from the beginning. */
export interface OutageWatch {
  called(provider: string, isProbe: boolean, atMs: number): void;
  callEnded(call: EndedCall, atMs: number): void;
  moved(provider: string, before: Health, after: Health, atMs: number): void;
  report(): readonly OutageReport[];
}

/** One outage, from its beginning until its provider's next one begins. */
interface Watched {
  readonly provider: string;
  readonly outage: Outage;
  /** When the next one of its provider begins. */
  readonly untilMs: number;
  calls: number;
  probes: number;
  failedBeforeOut: number;
  outAt: number | null;
  outBy: OutageReport["outBy"];
  /** Whether the provider was out when the outage ended; undefined: it has not ended. */
  wasOut: boolean | undefined;
  /** Health that was last seen before the end. */
  last: Health | undefined;
  backAt: number | null;
  fullAt: number | null;
}

const refusals: Partial<Record<FailureClass, OutageReport["outBy"]>> = {
  rate_limited: "rate limit",
  not_found: "unknown model",
  auth: "refused key",
};

/** @param start epoch milliseconds of the beginning */
export function createOutageWatch(
  providers: readonly ScenarioProvider[],
  durationMs: number,
  start: number,
): OutageWatch {
  const watched = providers.flatMap(({ name, outages }) =>
    outages.map((outage, i) => watch(name, outage, outages[i + 1]?.fromMs ?? Number.POSITIVE_INFINITY)),
  );
  /** The outage that a provider is in or had last. */
  const of = (provider: string, atMs: number): Watched | undefined => {
    const one = watched.find(
      (other) => other.provider === provider && atMs >= other.outage.fromMs && atMs < other.untilMs,
    );
    if (one) noteEnd(one, atMs, start);
    return one;
  };
  return {
    called(provider, isProbe, atMs) {
      const one = of(provider, atMs);
      if (!one || atMs >= one.outage.toMs) return;
      one.calls++;
      if (isProbe) one.probes++;
    },
    callEnded({ provider, failure }, atMs) {
      const one = of(provider, atMs);
      if (!one) return;
      if (failure !== null) {
        if (one.outAt === null && atMs < one.outage.toMs && failure !== "cancelled") one.failedBeforeOut++;
        const refusal = refusals[failure];
        if (refusal) takenOut(one, refusal, atMs);
      } else if (one.wasOut && one.backAt === null && one.last?.state !== "open") {
        one.backAt = atMs;
        one.fullAt = atMs;
      }
    },
    moved(provider, before, after, atMs) {
      const one = of(provider, atMs);
      if (!one) return;
      if (after.state === "open" && before.state !== "open") {
        takenOut(one, "breaker", atMs);
        one.backAt = null;
        one.fullAt = null;
      }
      if (after.state === "closed" && before.state !== "closed" && one.wasOut) {
        one.backAt = atMs;
        one.fullAt = atMs + rules.rampMs;
      }
      one.last = after;
    },
    report: () =>
      watched
        .map((one) => toReport(one, durationMs, start))
        .sort((a, b) => a.fromMs - b.fromMs || (a.provider < b.provider ? -1 : 1)),
  };
}

function watch(provider: string, outage: Outage, untilMs: number): Watched {
  return {
    provider,
    outage,
    untilMs,
    calls: 0,
    probes: 0,
    failedBeforeOut: 0,
    outAt: null,
    outBy: null,
    wasOut: undefined,
    last: undefined,
    backAt: null,
    fullAt: null,
  };
}

function takenOut(one: Watched, by: OutageReport["outBy"], atMs: number): void {
  if (one.outAt !== null || atMs >= one.outage.toMs) return;
  one.outAt = atMs;
  one.outBy = by;
}

/** Nothing happens by itself when an outage ends: the next thing that happens shows how it stood. */
function noteEnd(one: Watched, atMs: number, start: number): void {
  const { toMs } = one.outage;
  if (one.wasOut !== undefined || atMs < toMs) return;
  const { last } = one;
  const isRefused = one.outBy === "refused key";
  const isBlocked = last !== undefined && Math.max(last.limitedUntil, last.goneUntil) > start + toMs;
  one.wasOut = isRefused || isBlocked || (last !== undefined && last.state !== "closed");
}

function toReport(one: Watched, durationMs: number, start: number): OutageReport {
  noteEnd(one, one.outage.toMs, start);
  const { provider, outage, calls, probes, failedBeforeOut, outAt, outBy, wasOut, backAt, fullAt } = one;
  const { fromMs, toMs, effect, share } = outage;
  const after = (at: number | null) => (at === null || at > durationMs ? null : at - toMs);
  return {
    provider,
    fromMs,
    toMs,
    effect: effect.type === "slow" ? `slow x${effect.factor}` : effect.class,
    share,
    calls,
    probes,
    failedBeforeOut,
    outAfterMs: outAt === null ? null : outAt - fromMs,
    outBy,
    backAfterMs: wasOut ? after(backAt) : 0,
    fullShareAfterMs: wasOut ? after(fullAt) : 0,
  };
}

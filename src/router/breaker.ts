import type { Latency } from "./latency.ts";
import type { Rules } from "./rules.ts";

/*
 * A target's breaker: closed -> open (too many failed) -> half_open (one process claimed the probe) -> closed (the probe succeeded) or
 * open for longer (it failed). Ordinary calls count only while closed, and only if they began after it last closed: late results move nothing.
 * lua/record.lua and lua/claim.lua are the same rule on Redis; this one decides while Redis is away.
 */

/** What is known of a target. Times are epoch milliseconds, 0: none. */
export interface Health {
  readonly state: "closed" | "open" | "half_open";
  /** Open: when a probe may go. */
  readonly until: number;
  /** Length of the last opening before jitter. */
  readonly openMs: number;
  /** When a probe closed it. */
  readonly closedAt: number;
  /** Token of the process that probes, or empty. */
  readonly probe: string;
  readonly probeUntil: number;
  /** The provider asked to be left alone until then. */
  readonly limitedUntil: number;
  /** The model is unknown to the provider; asked again then. */
  readonly goneUntil: number;
  /** Calls by outcome and bucket of time: `o:BUCKET` answered, `f:BUCKET` failed. */
  readonly calls: Readonly<Record<string, number>>;
  /** Time to the first token; absent until a call was answered. */
  readonly latency?: Latency;
}

/** A target that nobody has called yet. */
export const unknownHealth: Health = {
  state: "closed",
  until: 0,
  openMs: 0,
  closedAt: 0,
  probe: "",
  probeUntil: 0,
  limitedUntil: 0,
  goneUntil: 0,
  calls: {},
};

/** What a call says about its target. `neutral`: nothing (the caller's fault, or cancelled). */
export type OutcomeKind = "ok" | "failed" | "limited" | "gone" | "auth" | "neutral";

/** One call's outcome, to be folded into the breaker. */
export interface Outcome {
  readonly kind: OutcomeKind;
  /** How long `limited`, `gone` and `auth` last; with `failed`: how long the provider asked to be left alone besides; else 0. */
  readonly ms: number;
  /** Token of the probe if the call was one, else empty. */
  readonly token: string;
  /** How long the call took. One that began before the breaker last closed says nothing about the time since. */
  readonly durationMs: number;
}

/** Folds one call's outcome in. @param random 0..1, for the jitter of an opening */
export function record(health: Health, outcome: Outcome, now: number, random: number, rules: Rules): Health {
  const { kind, ms, token } = outcome;
  const isProbe = health.state === "half_open" && token !== "" && token === health.probe;
  const moved = isProbe ? afterProbe(health, kind, now, random, rules) : afterCall(health, outcome, now, random, rules);
  if (kind === "limited" || (kind === "failed" && ms > 0))
    return { ...moved, limitedUntil: Math.max(moved.limitedUntil, now + ms) };
  if (kind === "gone") return { ...moved, goneUntil: Math.max(moved.goneUntil, now + ms) };
  return moved;
}

function afterProbe(health: Health, kind: OutcomeKind, now: number, random: number, rules: Rules): Health {
  const released = { ...health, probe: "", probeUntil: 0 };
  if (kind === "ok") return { ...released, state: "closed", closedAt: now, until: 0, calls: {} };
  if (kind === "failed") return open(health, health.openMs, now, random, rules);
  // It says nothing about the outage: the next caller probes.
  return { ...released, state: "open" };
}

function afterCall(health: Health, outcome: Outcome, now: number, random: number, rules: Rules): Health {
  const { kind, durationMs } = outcome;
  if (health.state !== "closed" || (kind !== "ok" && kind !== "failed")) return health;
  if (now - durationMs < health.closedAt) return health;
  const oldest = Math.floor((now - rules.windowMs) / rules.bucketMs);
  const field = `${kind === "ok" ? "o" : "f"}:${Math.floor(now / rules.bucketMs)}`;
  // Nothing leaves the window before a bucket begins.
  const before = health.calls[field] === undefined ? within(health.calls, oldest) : health.calls;
  const calls = { ...before, [field]: (before[field] ?? 0) + 1 };
  const isOutage = kind === "failed" && isMostlyFailing(calls, rules);
  if (!isOutage) return { ...health, calls };
  const isSameOutage = health.closedAt > 0 && now - health.closedAt < rules.rampMs;
  return open(health, isSameOutage ? health.openMs : 0, now, random, rules);
}

function within(calls: Health["calls"], oldest: number): Health["calls"] {
  return Object.fromEntries(Object.entries(calls).filter(([name]) => Number(name.slice(2)) > oldest));
}

function isMostlyFailing(calls: Health["calls"], { leastFailed }: Rules): boolean {
  const sum = (mark: string) =>
    Object.entries(calls).reduce((total, [name, count]) => total + (name.startsWith(mark) ? count : 0), 0);
  const failed = sum("f");
  return failed >= leastFailed && failed > sum("o");
}

function open(health: Health, previousMs: number, now: number, random: number, rules: Rules): Health {
  const openMs = previousMs > 0 ? Math.min(previousMs * 2, rules.longestOpenMs) : rules.firstOpenMs;
  const ends = now + Math.floor(openMs * (1 + rules.jitter * (2 * random - 1)));
  return { ...health, state: "open", openMs, until: Math.max(ends, health.until), probe: "", probeUntil: 0, calls: {} };
}

/** What came of asking for the probe. */
export type Claim = "claimed" | "held" | "closed";

/** Takes or renews the probe of a target whose time is over. */
export function claim(
  health: Health,
  token: string,
  now: number,
  rules: Rules,
): { readonly claim: Claim; readonly health: Health } {
  if (health.state === "closed") return { claim: "closed", health };
  const isFree = health.state === "open" ? now >= health.until : health.probe === token || now >= health.probeUntil;
  if (!isFree) return { claim: "held", health };
  return {
    claim: "claimed",
    health: { ...health, state: "half_open", probe: token, probeUntil: now + rules.probeLeaseMs },
  };
}

import type { Limits } from "../config/settings.ts";
import type { Health } from "./breaker.ts";
import type { Full } from "./limits.ts";
import type { Rules } from "./rules.ts";

/** Whether a target may be called at a moment, and if not, why and until when. */
export interface Availability {
  readonly state: "closed" | "half_open" | "open" | "out" | "ramping";
  /** Share of its calls that it should get: 1, less while ramping. */
  readonly share: number;
  /** True: a call must claim the probe first. */
  readonly needsProbe: boolean;
  /** Absent: it may be called. */
  readonly block?: Block;
}

/** Why a target may not be called now. */
export interface Block {
  /** `outage` and `probing`: its breaker, which never takes out a sole candidate; the others do. */
  readonly kind: "outage" | "probing" | "limited" | "gone" | "auth" | "full" | "drained";
  /** Epoch milliseconds of the next chance. */
  readonly until: number;
  readonly reason: string;
}

/** What besides its health says whether a target may be called. */
export interface Circumstances {
  /** When the first of its provider's keys may be used again; 0: now. */
  readonly keysOutUntil: number;
  /** The limit that the call does not fit into, in words, and when it may. */
  readonly full?: Full & { readonly words: string };
  readonly isDrained?: boolean;
  /** When its provider was enabled or undrained at run time; 0: before anybody can tell. */
  readonly rampSince?: number;
}

/** Smallest share of a ramping target, so that its first second brings calls too. */
const leastShare = 0.05;

/** Reads a target's health at a moment. */
export function availability(health: Health, circumstances: Circumstances, now: number, rules: Rules): Availability {
  const refusal = refusalOf(health, circumstances, now, rules);
  if (refusal) return { state: "out", share: 0, needsProbe: false, block: refusal };
  switch (health.state) {
    case "closed":
      return ofClosed(Math.max(health.closedAt, circumstances.rampSince ?? 0), now, rules);
    case "open": {
      if (now >= health.until) return { state: "half_open", share: 1, needsProbe: true };
      const block: Block = { kind: "outage", until: health.until, reason: `open until ${clockTime(health.until)}` };
      return { state: "open", share: 0, needsProbe: false, block };
    }
    case "half_open": {
      if (now >= health.probeUntil) return { state: "half_open", share: 1, needsProbe: true };
      const block: Block = { kind: "probing", until: health.probeUntil, reason: "half open, another call probes it" };
      return { state: "half_open", share: 0, needsProbe: false, block };
    }
  }
}

/** The longest of what forbids a call whatever the breaker says. */
function refusalOf(health: Health, circumstances: Circumstances, now: number, rules: Rules): Block | undefined {
  const { keysOutUntil, full, isDrained } = circumstances;
  // Most of the time nothing forbids it.
  if (!full && !isDrained && now >= keysOutUntil && now >= health.goneUntil && now >= health.limitedUntil)
    return undefined;
  let longest: Block | undefined;
  const add = (kind: Block["kind"], until: number, reason: () => string) => {
    if (now < until && (!longest || until > longest.until)) longest = { kind, until, reason: reason() };
  };
  add("auth", keysOutUntil, () => `out until ${clockTime(keysOutUntil)} (every key was refused)`);
  add("gone", health.goneUntil, () => `out until ${clockTime(health.goneUntil)} (it does not know the model)`);
  add("limited", health.limitedUntil, () => `rate limited until ${clockTime(health.limitedUntil)}`);
  if (full) add("full", full.until, () => full.words);
  if (isDrained) add("drained", now + rules.drainedMs, () => "drained");
  return longest;
}

/** How nearly every target stands. */
const closed: Availability = { state: "closed", share: 1, needsProbe: false };

function ofClosed(since: number, now: number, rules: Rules): Availability {
  const elapsed = now - since;
  if (since === 0 || elapsed >= rules.rampMs) return closed;
  return { state: "ramping", share: Math.max(leastShare, elapsed / rules.rampMs), needsProbe: false };
}

const units: Readonly<Record<keyof Limits, string>> = {
  requestsPerMinute: "requests a minute",
  tokensPerMinute: "tokens a minute",
  concurrency: "calls at a time",
  usdPerDay: "USD a day",
};

/** A full limit in words: `at its limit of 10 calls at a time`. */
export function fullWords({ limit }: Full, limits: Limits, ofKey = false): string {
  return `at ${ofKey ? "its keys'" : "its"} limit of ${limits[limit]} ${units[limit]}`;
}

/** `12:01:03`, in UTC. */
function clockTime(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}

import type { Limits } from "../config/settings.ts";
import type { Rules } from "./rules.ts";

/*
 * What is used of a provider or of one of its keys, and whether a further call fits. Tokens and USD are reserved before a call by estimate and
 * corrected after it. A lease stands for a call under way: one whose process died ends by itself and gives back what it had reserved.
 * lua/reserve.lua and lua/record.lua are the same rule on Redis.
 */

/** What is used of one provider or key. */
export interface Use {
  /** Calls begun, by bucket of time. */
  readonly requests: Readonly<Record<string, number>>;
  /** Tokens, by bucket of time. */
  readonly tokens: Readonly<Record<string, number>>;
  /** Billionths of a USD, by UTC day since the epoch. */
  readonly nanoUsd: Readonly<Record<string, number>>;
  /** Calls under way: epoch milliseconds at which each lease ends, by {@link leaseId}. */
  readonly leases: Readonly<Record<string, number>>;
  /** Further calls under way, those of other processes: how many, and epoch milliseconds after which they count no longer. */
  readonly others?: { readonly calls: number; readonly until: number };
  /** Further calls under way, of the process itself, that no limit held back. */
  readonly free?: number;
}

/** Nobody has called. */
export const unused: Use = { requests: {}, tokens: {}, nanoUsd: {}, leases: {} };

/** What a call will probably use. */
export interface Ask {
  /** Whole. */
  readonly tokens: number;
  /** Null: the price is unknown; it then counts nothing. */
  readonly usd: number | null;
}

/** Which limit a call does not fit into, and when it may. */
export interface Full {
  readonly limit: keyof Limits;
  /** Epoch milliseconds of the next chance. */
  readonly until: number;
}

/** A call under way with what is reserved for it. Its text is the name of its lease. */
export interface Lease extends Ask {
  readonly token: string;
  readonly bucket: number;
  readonly day: number;
}

const dayMs = 86_400_000;
const windowBuckets = (rules: Rules) => rules.windowMs / rules.bucketMs;

/** The first limit that the call does not fit into; undefined: it fits. Pure. */
export function fullAt(use: Use, limits: Limits, ask: Ask, now: number, rules: Rules): Full | undefined {
  const { requestsPerMinute, tokensPerMinute, concurrency, usdPerDay } = limits;
  if ((requestsPerMinute ?? tokensPerMinute ?? concurrency ?? usdPerDay) === null) return undefined;
  const live = swept(use, now, rules);
  const day = Math.floor(now / dayMs);
  if (concurrency !== null && callsUnderWay(live, now) >= concurrency)
    return { limit: "concurrency", until: now + rules.busyMs };
  if (requestsPerMinute !== null) {
    const until = roomAt(live.requests, requestsPerMinute - 1, now, rules);
    if (until > now) return { limit: "requestsPerMinute", until };
  }
  if (tokensPerMinute !== null) {
    // A call that is larger than the whole limit goes when nothing else was used: otherwise it could never go.
    const until = roomAt(live.tokens, Math.max(0, tokensPerMinute - ask.tokens), now, rules);
    if (until > now) return { limit: "tokensPerMinute", until };
  }
  if (usdPerDay !== null && (live.nanoUsd[day] ?? 0) + nano(ask.usd) > nano(usdPerDay))
    return { limit: "usdPerDay", until: (day + 1) * dayMs };
  return undefined;
}

/** Books a call that fits. @returns the use with it, and the lease that settles it. */
export function reserve(use: Use, ask: Ask, token: string, now: number, rules: Rules): { use: Use; lease: Lease } {
  const live = swept(use, now, rules);
  const lease = leaseOf(ask, token, now, rules);
  return {
    lease,
    use: {
      ...live,
      requests: added(live.requests, lease.bucket, 1),
      tokens: added(live.tokens, lease.bucket, ask.tokens),
      nanoUsd: added(live.nanoUsd, lease.day, nano(ask.usd)),
      leases: { ...live.leases, [leaseId(lease)]: now + rules.leaseMs },
    },
  };
}

/** The lease of a call that begins at a moment. */
export function leaseOf({ tokens, usd }: Ask, token: string, now: number, rules: Rules): Lease {
  return { token, tokens, usd, bucket: Math.floor(now / rules.bucketMs), day: Math.floor(now / dayMs) };
}

/** Corrects a call's booking by what it used. A lease that is over by then has given back its reservation: the actual use is booked alone. */
export function settle(use: Use, lease: Lease, actual: Ask, now: number, rules: Rules): Use {
  const live = swept(use, now, rules);
  const { [leaseId(lease)]: held, ...leases } = live.leases;
  const had = held === undefined ? { tokens: 0, nano: 0 } : { tokens: lease.tokens, nano: nano(lease.usd) };
  return {
    ...live,
    tokens: added(live.tokens, lease.bucket, actual.tokens - had.tokens),
    nanoUsd: added(live.nanoUsd, lease.day, nano(actual.usd) - had.nano),
    leases,
  };
}

/** Prolongs the lease of a call that is still under way. One that is over stays so. */
export function keep(use: Use, lease: Lease, now: number, rules: Rules): Use {
  const id = leaseId(lease);
  if ((use.leases[id] ?? 0) <= now) return use;
  return { ...use, leases: { ...use.leases, [id]: now + rules.leaseMs } };
}

/** Calls under way. */
export function callsUnderWay({ leases, others, free = 0 }: Use, now: number): number {
  let calls = free + (others && others.until > now ? others.calls : 0);
  for (const id in leases) if ((leases[id] ?? 0) > now) calls++;
  return calls;
}

/** The lease's name in shared state: `token|bucket|tokens|day|billionths of a USD`. */
export function leaseId({ token, bucket, tokens, day, usd }: Lease): string {
  return [token, bucket, tokens, day, nano(usd)].join("|");
}

/** Billionths of a USD, whole. */
export function nano(usd: number | null): number {
  return Math.round((usd ?? 0) * 1e9);
}

/** Without what no longer counts: buckets that left the window, days that are over, leases that ended with their reservations. */
function swept(use: Use, now: number, rules: Rules): Use {
  if (isCurrent(use, now, rules)) return use;
  const oldest = Math.floor(now / rules.bucketMs) - windowBuckets(rules);
  const today = Math.floor(now / dayMs);
  let { tokens, nanoUsd } = use;
  const leases: Record<string, number> = {};
  for (const [id, until] of Object.entries(use.leases)) {
    if (until > now) leases[id] = until;
    else {
      const [, bucket = "", reserved, day = "", nanos] = id.split("|");
      tokens = added(tokens, Number(bucket), -Number(reserved));
      nanoUsd = added(nanoUsd, Number(day), -Number(nanos));
    }
  }
  const within = (counts: Readonly<Record<string, number>>, least: number) =>
    Object.fromEntries(Object.entries(counts).filter(([bucket]) => Number(bucket) > least));
  return {
    ...(use.others && use.others.until > now ? { others: use.others } : {}),
    ...(use.free ? { free: use.free } : {}),
    requests: within(use.requests, oldest),
    tokens: within(tokens, oldest),
    nanoUsd: within(nanoUsd, today - 1),
    leases,
  };
}

/** Whether everything in it counts. */
function isCurrent({ requests, tokens, nanoUsd, leases, others }: Use, now: number, rules: Rules): boolean {
  const oldest = Math.floor(now / rules.bucketMs) - windowBuckets(rules);
  const yesterday = Math.floor(now / dayMs) - 1;
  for (const id in leases) if ((leases[id] ?? 0) <= now) return false;
  if (first(requests) <= oldest || first(tokens) <= oldest || first(nanoUsd) <= yesterday) return false;
  return others === undefined || others.until > now;
}

/** The earliest bucket or day: whole numbers are a record's first keys, in ascending order. */
function first(counts: Readonly<Record<string, number>>): number {
  for (const bucket in counts) return Number(bucket);
  return Number.POSITIVE_INFINITY;
}

/** When so much of the window has passed that no more than `most` of it counts; `now` where that is so already. */
function roomAt(counts: Readonly<Record<string, number>>, most: number, now: number, rules: Rules): number {
  let left = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (left <= most) return now;
  const buckets = Object.keys(counts)
    .map(Number)
    .sort((a, b) => a - b);
  for (const bucket of buckets) {
    left -= counts[bucket] ?? 0;
    if (left <= most) return (bucket + windowBuckets(rules)) * rules.bucketMs;
  }
  return now + rules.windowMs;
}

/** Never below 0: where a clock went back, a bucket may be gone before its lease. */
function added(counts: Readonly<Record<string, number>>, at: number, more: number): Readonly<Record<string, number>> {
  return { ...counts, [at]: Math.max(0, (counts[at] ?? 0) + more) };
}

/** The numbers of the breaker, the limits and the averages. Both forms of the rule, Lua and TypeScript, take them from here. */
export const rules = {
  /** Calls older than this are forgotten. */
  windowMs: 60_000,
  /** The window slides in steps of this. */
  bucketMs: 6_000,
  /** Fewer failed calls than this are no outage. */
  leastFailed: 5,
  firstOpenMs: 5_000,
  longestOpenMs: 300_000,
  /** Share by which a deadline is moved, either way. */
  jitter: 0.2,
  /** Time in which a closed breaker's share grows to its full size; opening again within it counts as the same outage. */
  rampMs: 30_000,
  /** A probe whose process died blocks others for this long; a living one renews three times in it. */
  probeLeaseMs: 10_000,
  /** A 429 that says no time. */
  limitedMs: 5_000,
  /** A call under way whose process died stops counting after this; a living process renews three times in it. */
  leaseMs: 30_000,
  /** A target whose calls under way are at their limit is worth asking about again after this. */
  busyMs: 500,
  /** A drained target is worth asking about again after this. */
  drainedMs: 5_000,
  /** What the newest call weighs in a target's average latency. */
  latencyWeight: 0.2,
  latencyHalfLifeMs: 60_000,
  /** A refused key or an unknown model is asked again after this. */
  refusedMs: 300_000,
} as const;

/** See {@link rules}. */
export type Rules = { readonly [Name in keyof typeof rules]: number };

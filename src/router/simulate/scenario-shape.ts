import { z } from "zod";
import { parseDuration } from "../../core/duration.ts";
import { mostKeys, type RehearsedFailure, rehearsedFailures } from "./scenario.ts";

/*
 * A scenario as it is written. What stands below `routing` and `set` has the keys of switchyard.yaml and is checked by their own reader.
 */

const durationError = "must be a duration such as 500ms, 10s, 2m.";
const duration = z
  .string({ error: durationError })
  .refine((text) => parseDuration(text) !== undefined, { error: durationError })
  .transform((text) => parseDuration(text) ?? 0);
const positiveDuration = duration.refine((ms) => ms > 0, { error: "must be longer than 0." });

const shareError = "must be a share from 0 to 1, or a percentage such as 2.5%.";
const percentage = z
  .string({ error: shareError })
  .regex(/^\d+(\.\d+)?\s*%$/, { error: shareError })
  .transform((text) => Number.parseFloat(text) / 100);
const share = z
  .union([z.number(), percentage], { error: shareError })
  .refine((value) => value >= 0 && value <= 1, { error: shareError });

const order = "median must not be greater than p99.";
const latency = z
  .union(
    [
      positiveDuration.transform((ms) => ({ median: ms, p99: ms })),
      z.strictObject({ median: positiveDuration, p99: positiveDuration }),
    ],
    { error: "must be a duration such as 800ms, or { median: 800ms, p99: 4s }." },
  )
  .refine(({ median, p99 }) => median <= p99, { error: order });

const tokens = z
  .union(
    [
      z
        .int()
        .min(1)
        .transform((count) => ({ median: count, p99: count })),
      z.strictObject({ median: z.int().min(1), p99: z.int().min(1) }),
    ],
    {
      error: "must be a number of tokens, or { median: 800, p99: 4000 }.",
    },
  )
  .refine(({ median, p99 }) => median <= p99, { error: order });

const perSecond = z.number().min(0);
const rate = z.union(
  [
    perSecond.transform((value) => [{ at: 0, rate: value }]),
    z
      .array(z.strictObject({ at: duration, rate: perSecond }))
      .min(1)
      .refine((points) => points.every(({ at }, i) => at >= (points[i - 1]?.at ?? 0)), {
        error: "must be in the order of their times.",
      }),
  ],
  {
    error:
      "must be requests a second, or a list such as [{ at: 0s, rate: 20 }, { at: 2m, rate: 200 }], in the order of time.",
  },
);

const requests = z.strictObject({
  rate,
  input_tokens: tokens.default({ median: 1_000, p99: 1_000 }),
  output_tokens: tokens.default({ median: 300, p99: 300 }),
  max_output_tokens: z.int().min(1).default(1_000),
  deadline: positiveDuration.default(60_000),
  max_calls: z.int().min(1).default(6),
  when_all_out: z.enum(["wait", "fail"]).default("wait"),
});

const errorShares = z.strictObject(
  Object.fromEntries(rehearsedFailures.map((failure) => [failure, share.optional()])) as Record<
    RehearsedFailure,
    z.ZodOptional<typeof share>
  >,
);

const outage = z
  .strictObject({
    at: duration,
    for: positiveDuration,
    fails: z.enum(rehearsedFailures).optional(),
    slow: z.number().positive().optional(),
    share: share.default(1),
    after: positiveDuration.optional(),
    retry_after: duration.optional(),
  })
  .refine(({ fails, slow }) => (fails === undefined) !== (slow === undefined), {
    error: "needs either `fails` with a failure class or `slow` with a factor.",
  });

const provider = z.strictObject({
  latency,
  first_token: share.default(1),
  timeout: positiveDuration.default(60_000),
  errors: errorShares.default({}),
  error_after: positiveDuration.default(200),
  retry_after: duration.optional(),
  price: z.strictObject({ input: z.number().min(0), output: z.number().min(0) }).optional(),
  requests_per_minute: z.int().min(1).optional(),
  context_window: z.int().min(1).optional(),
  keys: z.int().min(1).max(mostKeys).default(1),
  outages: z.array(outage).default([]),
});

const nameError = "must be letters, digits, - and _, beginning with a letter or a digit.";
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$/, { error: nameError });

const keysOfRouting = z.record(z.string(), z.unknown(), {
  error: "must be an object with the keys of `routing:` in switchyard.yaml.",
});

/** The shape of the whole text. */
export const writtenScenario = z.strictObject({
  seed: z.int().default(1),
  duration: positiveDuration,
  requests,
  providers: z
    .record(name, provider)
    .refine((providers) => Object.keys(providers).length > 0, { error: "must name at least one provider." }),
  routing: keysOfRouting.default({}),
  changes: z.array(z.strictObject({ at: duration, set: keysOfRouting })).default([]),
});

/** A text of the right shape, durations in milliseconds, shares from 0 to 1. */
export type WrittenScenario = z.output<typeof writtenScenario>;

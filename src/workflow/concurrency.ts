import { z } from "zod";

const limit = z.number().int().min(1).max(100_000);

/** What `concurrency` of a workflow may be. */
export const concurrencyShape = z
  .union(
    [
      limit,
      z.strictObject({
        limit: limit.describe("Runs that may be under way at once."),
        key: z
          .string()
          .min(1)
          .optional()
          .describe("Template over the run's input: runs with the same value count together. Default: all do."),
      }),
    ],
    { error: "must be a whole number from 1 to 100000, or { limit: N, key: TEMPLATE }." },
  )
  .describe(
    "Runs of this workflow that may be under way at once, over the whole fleet; others stay queued in the order of their submission. Without it there is no limit.",
  );

/** `concurrency` as it is written. */
export type Concurrency = z.infer<typeof concurrencyShape>;

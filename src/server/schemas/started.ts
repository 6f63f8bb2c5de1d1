import { z } from "zod";
import { problemDocumentSchema } from "./errors.ts";
import { runSchema, runSummary } from "./run.ts";

/** What routes answer that start a run. */
export const startedAnswers = {
  202: { text: "The new run. `Location` is its address.", schema: runSchema },
  200: { text: "The run that this Idempotency-Key began before.", schema: runSchema },
} as const;

/** What became of many submissions. */
export const batchAnswer = z.strictObject({
  accepted: z.int(),
  refused: z.int(),
  results: z.array(
    z.union([
      z.strictObject({ status: z.int().describe("202: new; 200: the key was seen before."), run: runSummary }),
      z.strictObject({ status: z.int(), problem: problemDocumentSchema }),
    ]),
  ),
});

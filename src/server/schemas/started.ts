import { runSchema } from "./run.ts";

/** What routes answer that start a run. */
export const startedAnswers = {
  202: { text: "The new run. `Location` is its address.", schema: runSchema },
  200: { text: "The run that this Idempotency-Key began before.", schema: runSchema },
} as const;

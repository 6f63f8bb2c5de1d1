import { AppError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import type { Children, StepHandler, StepWork } from "../../steps/handler.ts";
import type { CompiledStep } from "../../workflow/compiled.ts";
import type { AttemptEnding } from "./script.ts";

/** One attempt to execute. */
export interface ExecutedAttempt {
  readonly step: CompiledStep;
  readonly body: Json;
  /** 1-based. */
  readonly attempt: number;
  /** Name of the workflow. */
  readonly workflow: string;
}

/**
 * Executes an attempt of a kind that reaches nothing outside. It takes no time of the rehearsal.
 * @returns undefined if it waits for something: the test must say what comes
 */
export async function executed(handler: StepHandler, attempt: ExecutedAttempt): Promise<AttemptEnding | undefined> {
  const outcome = await handler.execute(workOf(attempt));
  switch (outcome.type) {
    case "succeeded":
      return { type: "output", output: outcome.output, takesMs: 0 };
    case "failed":
      return { type: "error", error: outcome.error, isRetryable: outcome.retryable, takesMs: 0 };
    default:
      return undefined;
  }
}

function workOf({ step, body, attempt, workflow }: ExecutedAttempt): StepWork {
  return {
    runId: "run_rehearsal",
    workflow,
    stepId: step.id,
    attempt,
    body,
    hints: step.route,
    idempotencyKey: `run_rehearsal-${step.id}-${attempt}`,
    avoid: [],
    waitedMs: 0,
    deadline: Date.now() + step.timeoutMs,
    signal: AbortSignal.timeout(step.timeoutMs),
    memo: null,
    save: async () => undefined,
    take: async () => undefined,
    children: noChildren,
    tell: () => undefined,
    note: () => undefined,
  };
}

/** Whatever it is asked, it refuses. */
const noChildren = new Proxy({} as Children, {
  get: () => async () => {
    throw new AppError("internal", { message: "A rehearsed step starts no runs: its test must say what it gives." });
  },
});

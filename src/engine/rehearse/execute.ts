import type { Json } from "../../core/json.ts";
import { defaultTenant } from "../../core/tenant.ts";
import type { StepHandler, StepWork } from "../../steps/handler.ts";
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

/** Signals, memos and child runs are not there: a kind that needs them reaches outside, and is no kind to be executed here. */
function workOf({ step, body, attempt, workflow }: ExecutedAttempt): StepWork {
  const work = {
    runId: "run_rehearsal",
    workflow,
    tenant: defaultTenant,
    stepId: step.id,
    attempt,
    body,
    hints: step.route,
    idempotencyKey: `run_rehearsal-${step.id}-${attempt}`,
    avoid: [],
    waitedMs: 0,
    deadline: Date.now() + step.timeoutMs,
    signal: AbortSignal.timeout(step.timeoutMs),
    tell: () => undefined,
    note: () => undefined,
  } satisfies Partial<StepWork>;
  return work as unknown as StepWork;
}

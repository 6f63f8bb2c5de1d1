import { AppError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import { defaultTenant } from "../../core/tenant.ts";
import type { Children, StepHandler, StepWork } from "../../steps/handler.ts";
import type { CompiledStep } from "../../workflow/compiled.ts";
import type { AttemptEnding } from "./script.ts";

/** One execution of an attempt. */
export interface Execution {
  readonly step: CompiledStep;
  readonly body: Json;
  /** 1-based. */
  readonly attempt: number;
  /** Name of the workflow. */
  readonly workflow: string;
  /** What a former execution kept for this one; null: nothing. */
  readonly memo: Json;
  /** What the step has put aside, by name. */
  readonly aside: Map<string, Json>;
  readonly children: Children;
}

/** An execution wants what is in no rehearsal, such as a stored workflow: the test must say what comes. */
export class OutsideRehearsal extends Error {}

/**
 * Executes an attempt of a kind that reaches nothing outside. It takes no time of the rehearsal.
 * @returns `parked`: it goes on when one of its child runs ends; undefined if it waits for something else: the test must say what comes
 */
export async function executed(
  handler: StepHandler,
  execution: Execution,
): Promise<AttemptEnding | { readonly type: "parked"; readonly memo: Json } | undefined> {
  try {
    const outcome = await handler.execute(workOf(execution));
    switch (outcome.type) {
      case "succeeded":
        return { type: "output", output: outcome.output, takesMs: 0 };
      case "failed":
        return { type: "error", error: outcome.error, isRetryable: outcome.retryable, takesMs: 0 };
      case "parked":
        return outcome.signal === null && outcome.until === null ? { type: "parked", memo: outcome.memo } : undefined;
      default:
        return undefined;
    }
  } catch (error) {
    if (error instanceof OutsideRehearsal) return undefined;
    throw error;
  }
}

/** Signals are not there: a kind that needs them reaches outside, and is no kind to be executed here. */
function workOf({ step, body, attempt, workflow, memo, aside, children }: Execution): StepWork {
  return {
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
    memo,
    save: async () => undefined,
    take: async () => {
      throw new AppError("internal", { message: "No signal comes in a rehearsal." });
    },
    stow: async (values) => {
      for (const [name, value] of Object.entries(values)) aside.set(name, value);
    },
    stowed: async (names) => names.map((name) => aside.get(name) ?? null),
    children,
    tell: () => undefined,
    note: () => undefined,
  };
}

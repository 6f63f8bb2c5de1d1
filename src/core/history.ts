import type { Served } from "./call.ts";
import type { AttemptReport, RunEvent, StepRecord } from "./run.ts";

/** A step before anything happened to it. */
export function pendingStep(id: string, kind: string): StepRecord {
  return {
    id,
    kind,
    status: "pending",
    attempts: 0,
    calls: 0,
    failedCalls: 0,
    served: null,
    costUsd: null,
    startedAt: null,
    finishedAt: null,
    waitingUntil: null,
    error: null,
  };
}

/**
 * A step's record after one more event of its run. The history is the only place where a step's record is kept:
 * folding all events over {@link pendingStep} gives it. Events of other steps change nothing.
 */
export function stepAfter(step: StepRecord, event: RunEvent): StepRecord {
  if (!("step" in event) || event.step !== step.id) return step;
  switch (event.type) {
    case "step.queued":
      return { ...step, status: "queued", waitingUntil: null };
    case "step.started":
      return {
        ...step,
        status: "running",
        attempts: event.attempt,
        startedAt: step.startedAt ?? event.at,
        waitingUntil: null,
      };
    case "call.failed":
    case "signal.refused":
    case "tool.called":
    case "tool.answered":
      return step;
    case "step.retrying":
      return { ...reported(step, event), status: "queued", error: event.error, waitingUntil: event.at + event.delayMs };
    case "step.waiting":
      return { ...reported(step, event), status: "waiting", attempts: event.attempt - 1, waitingUntil: event.until };
    case "step.succeeded":
      return {
        ...ended(reported(step, event), event.at),
        status: "succeeded",
        attempts: event.attempt,
        served: event.served,
        error: null,
      };
    case "step.failed":
      return {
        ...ended(reported(step, event), event.at),
        status: "failed",
        attempts: event.attempt,
        error: event.error,
      };
    case "step.reused":
      return { ...ended(step, event.at), status: "succeeded", served: event.served, reusedFrom: event.run };
    case "step.skipped":
      return { ...ended(step, event.at), status: "skipped" };
    case "step.cancelled":
      return { ...ended(step, event.at), status: "cancelled" };
  }
}

function ended(step: StepRecord, at: number): StepRecord {
  return { ...step, finishedAt: at, waitingUntil: null };
}

function reported(step: StepRecord, { calls = [] }: Partial<AttemptReport>): StepRecord {
  return {
    ...step,
    calls: step.calls + calls.length,
    failedCalls: step.failedCalls + calls.filter((call) => !call.ok).length,
    costUsd: addCosts(step.costUsd, ...calls.map((call) => call.costUsd)),
  };
}

/** The sum of the known costs in USD; null when none is known. */
export function addCosts(...costs: readonly (number | null)[]): number | null {
  const known = costs.filter((cost) => cost !== null);
  return known.length === 0 ? null : known.reduce((sum, cost) => sum + cost, 0);
}

/** Input and output tokens of an answer together; null when the provider said neither. */
export function totalTokens(served: Served | null): number | null {
  if (!served) return null;
  const { inputTokens, outputTokens } = served.usage;
  return inputTokens === null && outputTokens === null ? null : (inputTokens ?? 0) + (outputTokens ?? 0);
}

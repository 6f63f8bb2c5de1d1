import type { CallRecord, Decision, Served } from "./call.ts";
import type { ErrorRecord } from "./errors.ts";
import type { RunEvent } from "./run.ts";

/** One try of a step by a worker, as the run's history tells it. */
export interface Attempt {
  /** 1, 2, ...; one that ended in waiting is not counted, and the next one has its number again. */
  readonly attempt: number;
  readonly status: "running" | "succeeded" | "failed" | "retrying" | "waiting" | "cancelled";
  readonly worker: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly calls: readonly CallRecord[];
  /** What the router chose, where the step asked it. */
  readonly decision: Decision | null;
  readonly served: Served | null;
  readonly error: ErrorRecord | null;
}

/** A step's attempts, in their order. A worker that died leaves one `running` until the next one begins; then it has `failed`. Pure. */
export function attemptsOf(events: readonly RunEvent[], step: string): readonly Attempt[] {
  const attempts: Attempt[] = [];
  for (const event of events) {
    if (!("step" in event) || event.step !== step) continue;
    const last = attempts.at(-1);
    if (event.type === "step.started") {
      if (last?.status === "running")
        attempts[attempts.length - 1] = { ...last, status: "failed", finishedAt: event.at };
      attempts.push(begun(event));
    } else if (last?.status === "running") attempts[attempts.length - 1] = after(last, event);
  }
  return attempts;
}

function begun({ attempt, worker, at }: RunEvent & { readonly type: "step.started" }): Attempt {
  return {
    attempt,
    status: "running",
    worker,
    startedAt: at,
    finishedAt: null,
    calls: [],
    decision: null,
    served: null,
    error: null,
  };
}

function after(attempt: Attempt, event: RunEvent): Attempt {
  switch (event.type) {
    case "call.failed":
      return { ...attempt, calls: [...attempt.calls, event.call] };
    case "step.cancelled":
      return { ...attempt, status: "cancelled", finishedAt: event.at };
    case "step.retrying":
    case "step.waiting":
    case "step.succeeded":
    case "step.failed": {
      const { calls = [], decision = null } = event;
      return {
        ...attempt,
        status: statusAfter[event.type],
        finishedAt: event.at,
        calls,
        decision,
        served: "served" in event ? event.served : null,
        error: "error" in event ? event.error : null,
      };
    }
    default:
      return attempt;
  }
}

const statusAfter = {
  "step.retrying": "retrying",
  "step.waiting": "waiting",
  "step.succeeded": "succeeded",
  "step.failed": "failed",
} as const;

import { type AppError, type ErrorRecord, toErrorRecord } from "../core/errors.ts";
import type { PlanStatus } from "../core/plan.ts";
import { isTerminal, type Run } from "../core/run.ts";
import type { StoredPlan } from "./plan-store.ts";

/** Where a plan stands, as far as its run says it. */
export interface Standing {
  readonly status: PlanStatus;
  readonly error: ErrorRecord | null;
  /** Ids of the run's steps that wait for approval. */
  readonly waiting: readonly string[];
  /** Whether this is the end. */
  readonly isFinal: boolean;
}

/** Where a plan stands that has no run. */
export function standingAlone({ state, head }: Pick<StoredPlan, "state" | "head">, nowMs: number): Standing {
  const open = nowMs >= head.expiresAt ? "expired" : "pending";
  return { status: state === "pending" ? open : state, error: null, waiting: [], isFinal: false };
}

/** Where a plan stands by its run. Somebody's no to a step aborts it. */
export function standingOf({ status, error, steps }: Pick<Run, "status" | "error" | "steps">): Standing {
  const waiting = steps.filter((step) => step.kind === "approval" && step.status === "waiting").map(({ id }) => id);
  const isFinal = isTerminal(status);
  switch (status) {
    case "succeeded":
      return { status: "completed", error: null, waiting: [], isFinal };
    case "cancelled":
      return { status: "cancelled", error: null, waiting: [], isFinal };
    case "failed":
      return { status: error?.code === "approval_rejected" ? "aborted" : "failed", error, waiting: [], isFinal };
    default:
      return { status: waiting.length > 0 ? "awaiting_approval" : "executing", error: null, waiting, isFinal };
  }
}

/** Where a plan stands whose run is not kept any more. @param final how it ended, if somebody has seen that */
export function runMissing(error: AppError, final: string | null): Standing {
  const status = (final ?? "failed") as PlanStatus;
  return { status, error: final === null ? toErrorRecord(error) : null, waiting: [], isFinal: false };
}

import { toErrorRecord } from "../core/errors.ts";
import type { EventBody } from "../core/run.ts";
import { parseBeginning } from "./beginning.ts";
import type { Folder, Visit } from "./fold.ts";
import type { BegunJob } from "./handovers.ts";
import type { Execution, RunStore } from "./run-store.ts";

/** What giving a job back needs. */
export interface LeaveParts {
  readonly store: RunStore;
  readonly folder: Folder;
  /** Name of this worker process in the history. */
  readonly worker: string;
  readonly clock: () => number;
}

/** First wait of a step that this worker cannot execute; it then waits as long as it has waited already, up to the longest. */
const leave = { firstMs: 1_000, longestMs: 60_000, attempts: 1_000_000 } as const;

/** Gives the job back, without a spent attempt, and says so in the history. @param taken how its attempt was begun when its job was taken */
export async function leaveToOthers(
  parts: LeaveParts,
  execution: Execution,
  error: unknown,
  taken?: BegunJob,
): Promise<Visit | { readonly type: "later"; readonly delayMs: number }> {
  const begun = taken
    ? parseBeginning(execution, taken.reply, taken.recent)
    : await parts.store.begin(execution, leave.attempts, parts.worker, [], undefined, true);
  if (begun.type === "stale" || begun.type === "delivered") return parts.folder.refused(execution);
  if (begun.type === "parked" && begun.waitMs !== null) return { type: "later", delayMs: begun.waitMs };
  // Whoever has its machine says that the attempts are spent.
  if (begun.type === "exhausted") return { type: "later", delayMs: leave.firstMs };
  if (begun.type !== "begun") return { type: "done" };
  const delayMs = Math.min(Math.max(begun.waitedMs, leave.firstMs), leave.longestMs);
  const reason = `${toErrorRecord(error).message} It is left to other workers.`;
  const head = { step: execution.actor, attempt: begun.attempt };
  const event: EventBody = { type: "step.waiting", ...head, until: parts.clock() + delayMs, reason, calls: [] };
  await parts.store.suspend(execution, { refund: true, costUsd: null, event, avoid: begun.avoid });
  return { type: "later", delayMs };
}

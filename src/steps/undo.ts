import { AppError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { UndoBody } from "../workflow/kinds/undo.ts";
import { blockHandler, failed, parked, succeeded } from "./child-block.ts";
import type { StepHandler, StepOutcome, StepWork } from "./handler.ts";

/** How soon it is looked again whether runs that were told to end have ended; then after as long as it has been waited already. */
const firstWaitMs = 250;
const longestWaitMs = 15_000;

/** What an execution keeps for the next one. The ids of the runs to be undone are put aside one by one. */
type Progress = {
  readonly total: number;
  readonly concurrency: number;
  /** Index of the first run whose undoing has not begun. */
  readonly next: number;
  /** Runs that undo others and have not ended. */
  readonly open: readonly string[];
  /** What could not be undone, and why. */
  readonly failed: readonly Failure[];
};

type Failure = { readonly run: string; readonly code: string; readonly message: string };

/** Executes `undo` compensations: once all runs of the step have ended, each that succeeded is undone by a run of its own. */
export function undoHandler(): StepHandler {
  return blockHandler("undo", async (work) => {
    const begun = work.memo === null ? await begin(work) : (work.memo as unknown as Progress);
    if ("type" in begun) return begun;
    const progress = await advance(work, begun);
    if (progress.open.length > 0) {
      return parked(progress as unknown as Json, work.memo === null ? `for ${progress.total} runs to be undone` : null);
    }
    return progress.failed.length > 0 ? failed(notUndone(progress.failed)) : succeeded({ undone: progress.total });
  });
}

async function begin(work: StepWork): Promise<Progress | StepOutcome> {
  const { open, succeeded: ids } = await work.children.toUndo();
  if (open > 0) {
    const reason = `${open} runs of the step have yet to end.`;
    const error = { code: "child_failed", message: reason };
    const delayMs = Math.min(Math.max(work.waitedMs, firstWaitMs), longestWaitMs);
    return { type: "deferred", error, delayMs, reason, report: { calls: [] } };
  }
  await work.stow(Object.fromEntries(ids.map((id, index) => [`run ${index}`, id])));
  const { concurrency = 1 } = work.body as UndoBody;
  return { total: ids.length, concurrency, next: 0, open: [], failed: [] };
}

/** Takes in what has ended and undoes what may begin. */
async function advance(work: StepWork, before: Progress): Promise<Progress> {
  const { children } = work;
  const ended = await children.ended(before.open);
  const failures = (await children.look(ended, { outputs: false })).flatMap(({ id, error }): Failure[] =>
    error ? [{ run: id, code: error.code, message: error.message }] : [],
  );
  const open = before.open.filter((id) => !ended.includes(id));
  let { next } = before;
  while (open.length < before.concurrency && next < before.total) {
    const count = Math.min(before.concurrency - open.length, before.total - next);
    const ids = await work.stowed(Array.from({ length: count }, (_, i) => `run ${next + i}`));
    for (const begun of await children.undo(ids as readonly string[])) {
      if (begun.refusal) failures.push({ run: begun.of, code: begun.refusal.code, message: begun.refusal.message });
      else if (begun.id !== null) open.push(begun.id);
    }
    next += count;
  }
  return { ...before, next, open, failed: [...before.failed, ...failures] };
}

function notUndone(failures: readonly Failure[]): AppError {
  const [first] = failures;
  const others = failures.length > 1 ? ` and ${failures.length - 1} more` : "";
  return new AppError("compensation_failed", {
    message: `Not undone: run ${first?.run} (${first?.message})${others}.`,
    details: { not_undone: failures.slice(0, 20) as unknown as Json },
  });
}

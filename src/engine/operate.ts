import { approvalMark, signedWord } from "../core/approvers.ts";
import { AppError } from "../core/errors.ts";
import { isPriority, type Priority } from "../core/priority.ts";
import { gathered, gatheredByName } from "../redis/gathered.ts";
import { abandonSteps, childrenStartedBy } from "./abandon.ts";
import type { Refused, Woken } from "./command-store.ts";
import type { Parent, Signal } from "./engine.ts";
import { commandJob, plannedJob } from "./job.ts";
import { openChildren, type RestoreParts, restoreJobs } from "./restore.ts";
import { type EndedRun, listEnded } from "./run-lists.ts";
import type { RunStore } from "./run-store.ts";
import { sendEvent } from "./send-event.ts";
import type { AbandonedStep } from "./state.ts";

/** Related runs that are ended, paused or resumed at a time. */
const atOnce = 50;

/** What operating a run needs. */
export interface OperateParts extends RestoreParts {
  readonly store: RunStore;
}

/** Puts the parts together: what ends a run wakes its parent and ends its children by the same means. */
export function operateParts(given: Omit<OperateParts, "onEnd">): OperateParts {
  const wake = gatheredByName((parent, children: readonly string[]) =>
    wakeParent(parts, JSON.parse(parent) as Parent, children),
  );
  const parts: OperateParts = {
    ...given,
    onEnd: {
      wakeParent: (parent, child) => wake(JSON.stringify(parent), child),
      list: gathered((ended: readonly EndedRun[]) => listEnded(parts, ended)),
      endChildren: (runId, children) =>
        forEach(children, (child) => endChild(parts, child, `run ${runId}`, "The run that started it has ended.")),
    },
  };
  return parts;
}

/** Ends the work on steps that nobody wants any more while their run goes on: their calls, their waiting jobs, their child runs. */
export async function abandon(parts: OperateParts, runId: string, steps: readonly AbandonedStep[]): Promise<void> {
  await abandonSteps(parts, runId, steps);
  const children = await childrenStartedBy(parts, runId, steps);
  await forEach(children, (child) =>
    endChild(parts, child, `run ${runId}`, "The step that started it is not wanted any more."),
  );
}

/** Does something to runs, some at a time. */
async function forEach(runIds: readonly string[], act: (runId: string) => Promise<void>): Promise<void> {
  for (let i = 0; i < runIds.length; i += atOnce) await Promise.all(runIds.slice(i, i + atOnce).map(act));
}

/** Ends a child run that may have ended, or never have begun. */
export async function endChild(parts: OperateParts, runId: string, by: string, reason: string): Promise<void> {
  try {
    await cancelRun(parts, runId, by, reason);
  } catch (error) {
    if (!(error instanceof AppError) || (error.code !== "run_ended" && error.code !== "run_not_found")) throw error;
  }
}

/**
 * Ends a run: calls under way are aborted, late results are dropped, child runs end too. Asking again changes nothing.
 * @throws AppError run_not_found; run_ended - it has succeeded or failed before
 */
export async function cancelRun(parts: OperateParts, runId: string, by: string, reason: string | null): Promise<void> {
  const posted = await parts.store.commands.post(runId, "cancel", { type: "cancel", by, reason });
  if (posted.type === "ended" && posted.status === "cancelled") return;
  if (posted.type !== "posted") throw refusal(runId, posted);
  await parts.dispatcher.restore([commandJob(runId, posted.workflow, posted.version, "cancel")]);
}

/** Lets a run and its child runs start nothing new; what is under way goes on. @throws AppError run_not_found, run_ended */
export async function pauseRun(parts: OperateParts, runId: string, by: string): Promise<void> {
  const paused = await parts.store.commands.pause(runId, "pause", "own", by);
  if (paused.type === "missing" || paused.type === "ended") throw refusal(runId, paused);
  await forEach(await childrenOf(parts, runId), (child) => pauseChild(parts, child, `run ${runId}`));
}

/** Pauses a run because the one that started it is. It may have ended, or never have begun. */
export async function pauseChild(parts: OperateParts, runId: string, by: string): Promise<void> {
  const paused = await parts.store.commands.pause(runId, "pause", "parent", by);
  if (paused.type === "missing" || paused.type === "ended") return;
  await forEach(await childrenOf(parts, runId), (child) => pauseChild(parts, child, `run ${runId}`));
}

/** Lets a paused run go on, and those of its child runs that were paused with it. @throws AppError run_not_found, run_ended */
export async function resumeRun(parts: OperateParts, runId: string, by: string): Promise<void> {
  const resumed = await parts.store.commands.pause(runId, "resume", "own", by);
  if (resumed.type === "missing" || resumed.type === "ended") throw refusal(runId, resumed);
  await goOnAfterPause(parts, runId);
}

/** Lets a run go on because the one that started it does. One that was paused by itself stays paused. */
export async function resumeChild(parts: OperateParts, runId: string, by: string): Promise<void> {
  const resumed = await parts.store.commands.pause(runId, "resume", "parent", by);
  if (resumed.type === "done" || resumed.type === "same") await goOnAfterPause(parts, runId);
}

/** Jobs that came while it was paused are gone. */
async function goOnAfterPause(parts: OperateParts, runId: string): Promise<void> {
  await restoreJobs(parts, runId);
  await forEach(await childrenOf(parts, runId), (child) => resumeChild(parts, child, `run ${runId}`));
}

async function childrenOf({ redis, keys }: OperateParts, runId: string): Promise<readonly string[]> {
  const { run, children } = keys.run(runId);
  return (await redis.hexists(run, "hasChildren")) ? openChildren(await redis.hgetall(children)) : [];
}

/** Sends a signal. One that no step waits for yet is kept. @throws AppError run_not_found, run_ended */
export async function signalRun(parts: OperateParts, runId: string, signal: Signal): Promise<void> {
  const { name, id, by, asker = { name: by, scopes: [], keyId: "none" } } = signal;
  const payload = name.startsWith(approvalMark) ? signedWord(signal.payload, asker) : signal.payload;
  const kept = await parts.store.commands.signal(runId, name, payload, id, by);
  if (kept.type === "missing" || kept.type === "ended") throw refusal(runId, kept);
  const [workflow, version, own] = await parts.redis.hmget(
    parts.keys.run(runId).run,
    "workflow",
    "version",
    "priority",
  );
  const priority = isPriority(own) ? own : undefined;
  await sendEvent(parts, { runId, name, payload, id, workflow: workflow ?? "", version: Number(version) });
  // Whoever sent it before may have died before the step's job was there.
  if (kept.type === "again") return void (await restoreJobs(parts, runId));
  for (const woken of kept.woken)
    await goOn(parts, { runId, workflow: workflow ?? "", version: Number(version), priority }, woken);
}

/** Wakes the step that started runs which have ended. */
async function wakeParent(parts: OperateParts, parent: Parent, children: readonly string[]): Promise<void> {
  const { run, workflow, version, actor, epoch, priority } = parent;
  const woken = await parts.store.commands.wake(run, actor, epoch, children);
  if (woken) await goOn(parts, { runId: run, workflow, version, priority }, woken);
}

async function goOn(
  parts: OperateParts,
  run: {
    readonly runId: string;
    readonly workflow: string;
    readonly version: number;
    readonly priority: Priority | undefined;
  },
  woken: Woken,
): Promise<void> {
  const { runId, workflow, version, priority } = run;
  const { actor, epoch, times } = woken;
  const compiled = await parts.definitions.forJobs(workflow, version);
  if (compiled.queues) return void (await restoreJobs(parts, runId));
  const kind = compiled.steps.get(actor)?.kind ?? "";
  const place = { runId, version, workflow: compiled, place: "front", now: parts.clock(), times, priority } as const;
  await parts.dispatcher.wake(plannedJob({ actor, epoch, kind, dueAt: 0 }, place));
}

function refusal(runId: string, refused: Refused): AppError {
  if (refused.type === "missing") {
    return new AppError("run_not_found", { message: `No run "${runId}".`, details: { run: runId } });
  }
  const message = `Run ${runId} has ended: ${refused.status}.`;
  return new AppError("run_ended", { message, details: { run: runId, status: refused.status } });
}

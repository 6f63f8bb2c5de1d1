import type { Served } from "../core/call.ts";
import { AppError, type ErrorRecord } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { EventBody, Run } from "../core/run.ts";
import { type JournalEntry, journalOf, type Told } from "./journal.ts";
import type { ActiveActor, JournalMark, ResumePoint, RunState, Transition } from "./state.ts";

/** Where a run of an author's own machine begins that comes from the middle of another one. */
export interface ForkPoint extends Pick<ResumePoint, "at" | "snapshot" | "active"> {
  readonly kept: readonly KeptOfMachine[];
  /** What had come to the machine until then. Undefined: its run has no journal, and this one gets none. */
  readonly journal: { readonly entries: readonly JournalEntry[]; readonly isFull: boolean } | undefined;
  /** The run that it comes from. */
  readonly run: string;
}

/** A step of another run that is over. */
export type KeptOfMachine = {
  readonly id: string;
} & (
  | { readonly output: Json | undefined; readonly served: Served | null; readonly run: string }
  /** The machine has gone on from its failure. */
  | { readonly error: ErrorRecord }
);

/** The first transition of such a run: it stands where the other one stood, and what was under way then is dispatched anew. Pure. @param now epoch milliseconds; timers wait on for what they still had */
export function decideResume(point: ForkPoint, now: number): Transition {
  const { at, snapshot, active, kept } = point;
  const actors = Object.entries(active).map(([actor, { timer, ...one }], index): readonly [string, ActiveActor] => {
    const later = timer && { timer: { ...timer, dueAt: now + Math.max(0, timer.dueAt - at) } };
    return [actor, { ...one, ...later, epoch: index + 1 }];
  });
  const outputs = kept.flatMap((step): (readonly [string, Json])[] => {
    return "error" in step || step.output === undefined ? [] : [[step.id, step.output]];
  });
  const events = [
    ...kept.flatMap((step): EventBody[] => [{ type: "step.queued", step: step.id }, endOf(step)]),
    ...actors.flatMap(([step, { timer }]): EventBody[] => (timer ? [] : [{ type: "step.queued", step }])),
  ];
  const journal = journalAt(point, now);
  return {
    state: { snapshot, active: Object.fromEntries(actors), epoch: actors.length, ...journal.mark },
    outputs: { ...Object.fromEntries(outputs), ...journal.stored },
    events,
    opened: actors.map(([actor, { epoch, kind, timer }]) => ({ actor, epoch, kind, dueAt: timer?.dueAt ?? 0 })),
    closed: [],
    abandoned: [],
    ending: null,
  };
}

function endOf(step: KeptOfMachine): EventBody {
  const { id } = step;
  if ("error" in step)
    return { type: "step.failed", step: id, attempt: 0, calls: [], error: step.error, tolerated: true };
  return { type: "step.reused", step: id, run: step.run, served: step.served };
}

/** The other run's journal as if all of it had happened later by the same time: timers have then been set when they would have been. */
function journalAt({ at, journal, run }: ForkPoint, now: number) {
  if (!journal) return { mark: {}, stored: {} };
  const owned = (told: Told): Told => (told.type === "done" ? { ...told, run: told.run ?? run } : told);
  const entries = journal.entries.map((entry) => {
    return { ...entry, at: entry.at + now - at, told: entry.told.map(owned) };
  });
  const { mark, stored } = journalOf(entries);
  const marked: JournalMark = journal.isFull ? { ...mark, isFull: true } : mark;
  return { mark: { journal: marked }, stored };
}

/** The steps of a run that have succeeded and do not run anew. @param run with its outputs */
export function keptOfRun(run: Run, active: ResumePoint["active"]): readonly KeptOfMachine[] {
  const kept = run.steps.filter(({ id, status }) => status === "succeeded" && !Object.hasOwn(active, id));
  return kept.map(({ id, output, served, reusedFrom }) => ({ id, output, served, run: reusedFrom ?? run.id }));
}

/** The steps that a journal tells the ends of and that do not run anew: of one that ran more than once its last end. */
export function keptOfJournal(
  runId: string,
  entries: readonly JournalEntry[],
  active: ResumePoint["active"],
): readonly KeptOfMachine[] {
  const kept = new Map<string, KeptOfMachine>();
  for (const told of entries.flatMap((entry) => entry.told)) {
    if (told.type === "event" || told.type === "timer" || Object.hasOwn(active, told.actor)) continue;
    const { actor: id } = told;
    kept.delete(id);
    if (told.type === "error") kept.set(id, { id, error: told.error });
    else kept.set(id, { id, output: told.output, served: told.served ?? null, run: told.run ?? runId });
  }
  return [...kept.values()];
}

/**
 * Where a run of an author's own machine can be taken up again: where it ended, with what its machine then knew.
 * @throws AppError nothing_to_retry - it has not failed; bad_request - nobody knows where it stood
 */
export function resumePoint({ id, workflow, status }: Run, { resume }: Partial<RunState>): ResumePoint {
  if (status !== "failed" && status !== "cancelled") {
    const why =
      status === "succeeded" ? "has succeeded. Say from which step to fork it" : `is ${status}: it has not ended`;
    throw new AppError("nothing_to_retry", { message: `Run ${id} ${why}.`, details: { run: id, status } });
  }
  if (resume) return resume;
  const message = `Run ${id} is one of an XState machine: where it stood is not known any more. Submit a new run to begin anew.`;
  throw new AppError("bad_request", { message, details: { workflow } });
}

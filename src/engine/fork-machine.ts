import type { Redis } from "ioredis";
import { AppError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Run } from "../core/run.ts";
import { didYouMean } from "../core/suggest.ts";
import type { Keys } from "../redis/keys.ts";
import type { LoadedWorkflow } from "./definitions.ts";
import type { ForkRequest } from "./engine.ts";
import { type JournalEntry, journalLimits, journalName } from "./journal.ts";
import { replayed } from "./replay.ts";
import { type ForkPoint, keptOfJournal, keptOfRun, resumePoint } from "./resume-machine.ts";
import type { RunState } from "./state.ts";

/** A fork of a run of an author's own machine, as it was asked for. */
export interface MachineFork {
  /** With its outputs. */
  readonly run: Run;
  /** Of the version that the fork follows. */
  readonly workflow: LoadedWorkflow;
  readonly request: ForkRequest;
  /** The fork's. */
  readonly input: JsonObject;
}

/** Names that are asked for at once. */
const atOnce = 500;

/**
 * Where a fork of an author's own machine begins: where its run ended, or where a step was dispatched the last time. For the latter, and where input or version are others, the
 * machine is told again what its run's journal says; nothing is called for that.
 * @returns also the step that it begins with; null: no step was the reason of the run's end
 * @throws AppError nothing_to_retry, unknown_step, step_not_reached, fork_diverged; bad_request - the run has no journal
 */
export async function machineForkPoint(
  { redis, keys }: { readonly redis: Redis; readonly keys: Keys },
  fork: MachineFork,
): Promise<{ readonly from: string | null; readonly point: ForkPoint }> {
  const { run, workflow, request } = fork;
  const text = await redis.hget(keys.run(run.id).run, "state");
  const state = (text === null ? {} : JSON.parse(text)) as Partial<RunState>;
  const entries = await journalIn(redis, keys.run(run.id).outputs, state.journal?.entries ?? 0);
  const journal = entries && { entries, isFull: state.journal?.isFull === true };
  const changed = changesOf(fork);
  const { from = null } = request;
  if (from === null || (!journal && state.resume?.step === from)) {
    const { step, ...resume } = resumePoint(run, state);
    if (changed === "")
      return { from: step, point: { ...resume, kept: keptOfRun(run, resume.active), journal, run: run.id } };
    const told = orRefused(run, journal);
    return { from: step, point: await pointAt(fork, told, told.entries.length, resume.at) };
  }
  checkStep(workflow, from);
  const told = orRefused(run, journal);
  const index = told.entries.findLastIndex(({ opened }) => opened.includes(from));
  if (index < 0) throw notReached(run, from, told.isFull);
  return { from, point: await pointAt(fork, told, index + 1, told.entries[index]?.at ?? 0) };
}

/** The state after so many entries of a journal. @param at epoch milliseconds of that state */
async function pointAt(fork: MachineFork, journal: Journal, count: number, at: number): Promise<ForkPoint> {
  const { run, workflow, input } = fork;
  const entries = journal.entries.slice(0, count);
  const { snapshot, active } = await replayed(workflow.driver, input, entries, changesOf(fork));
  const isFull = journal.isFull && count === journal.entries.length;
  const kept = keptOfJournal(run.id, entries, active);
  return { at, snapshot, active, kept, journal: { entries, isFull }, run: run.id };
}

type Journal = NonNullable<ForkPoint["journal"]>;

/** @returns undefined: there is none, or not all of it any more */
async function journalIn(redis: Redis, key: string, count: number): Promise<readonly JournalEntry[] | undefined> {
  const entries: JournalEntry[] = [];
  for (let at = 0; at < count; at += atOnce) {
    const names = Array.from({ length: Math.min(atOnce, count - at) }, (_, index) => journalName(at + index));
    const texts = await redis.hmget(key, ...names);
    entries.push(...texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as JournalEntry])));
  }
  return count > 0 && entries.length === count ? entries : undefined;
}

/** What of a fork is not as in its run, in words; empty: nothing. */
function changesOf({ run, workflow, input }: MachineFork): string {
  const isOther = JSON.stringify(input) !== JSON.stringify(run.input);
  const version = workflow.version === run.version ? [] : [`version ${workflow.version}`];
  return [...(isOther ? ["this input"] : []), ...version].join(" and ");
}

function orRefused({ id, workflow }: Run, journal: Journal | undefined): Journal {
  if (journal) return journal;
  const message = `Run ${id} is one of an XState machine, and what came to it was not kept. It can be retried where it ended; or submit a new run to begin anew.`;
  throw new AppError("bad_request", { message, details: { workflow } });
}

function checkStep({ name, compiled: { steps } }: LoadedWorkflow, from: string): void {
  if (steps.get(from)) return;
  const known = [...steps.keys()];
  const message = `Workflow "${name}" has no step "${from}".${didYouMean(from, known)} Its steps: ${known.join(", ")}.`;
  throw new AppError("unknown_step", { message, details: { step: from, known } });
}

function notReached({ id }: Run, from: string, isFull: boolean): AppError {
  const why = isFull
    ? `its journal is full (${journalLimits.entries} entries, or ${journalLimits.length / 1_048_576} MiB) and tells of no beginning of it before`
    : "its machine has not begun it";
  const message = `Step "${from}" was not reached in run ${id}: ${why}.`;
  return new AppError("step_not_reached", { message, details: { run: id, step: from } });
}

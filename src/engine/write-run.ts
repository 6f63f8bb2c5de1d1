import type { Hints } from "../core/call.ts";
import type { JsonObject } from "../core/json.ts";
import type { Priority } from "../core/priority.ts";
import type { EventBody, ForkOf } from "../core/run.ts";
import type { Conclusion } from "./conclude.ts";
import type { LoadedWorkflow } from "./definitions.ts";
import type { ChildrenOf } from "./engine.ts";
import { type PlannedJob, plannedJob } from "./job.ts";
import { placesGroup } from "./places.ts";
import { closeRun, type RestoreParts, restoreJobs } from "./restore.ts";
import { listRuns } from "./run-lists.ts";
import type { CommitContent, RunStore } from "./run-store.ts";
import type { Transition } from "./state.ts";

/** What writing a run needs. */
export interface WriteParts extends RestoreParts {
  readonly store: RunStore;
  readonly conclusion: Conclusion;
}

/** A run that is not there yet, its first transition decided. */
export interface NewRun {
  readonly id: string;
  readonly workflow: LoadedWorkflow;
  readonly input: JsonObject;
  readonly hints: Hints;
  readonly priority: Priority;
  /** Given: a step starts it. */
  readonly as?: ChildrenOf | undefined;
  /** Given: it comes from the middle of another run. */
  readonly forkOf?: ForkOf;
  /** Given: the run that it undoes; what its steps have started is that one's. */
  readonly undoes?: string;
  readonly transition: Transition;
}

/** Lists a run, writes it with its first transition, and adds its first jobs. @returns false: it was there, and is left as it is; see {@link complete} */
export async function writeRun(parts: WriteParts, run: NewRun, now: number): Promise<boolean> {
  const [isNew = false] = await writeRuns(parts, [run], now);
  return isNew;
}

/** Writes several runs as {@link writeRun} does one: in fewer commands. @returns for each, in their order, whether it was not there before */
export async function writeRuns(parts: WriteParts, runs: readonly NewRun[], now: number): Promise<readonly boolean[]> {
  const writings = await Promise.all(runs.map((run) => writingOf(parts, run, now)));
  const listed = runs.map(({ id, workflow: { name: workflow }, as }) => ({ id, workflow, isChild: as !== undefined }));
  const jobs = writings.flatMap((writing) => writing.jobs);
  // One connection executes them in this order, so they need not wait for each other's answers: a run is listed before it is written (what Redis
  // loses of its last writes may be the run, but is never its place in the list alone), and written before a job of it can be taken.
  const [, areNew] = await Promise.all([
    listRuns(parts, listed, now),
    Promise.all(writings.map(({ run, fields, event, first }) => parts.store.create(run.id, fields, event, first))),
    jobs.length > 0 && parts.dispatcher.add(jobs),
  ]);
  await Promise.all(writings.map((writing, index) => areNew[index] && begun(parts, writing)));
  return areNew;
}

/** All that is written of a run. */
interface Writing {
  readonly run: NewRun;
  readonly fields: Readonly<Record<string, string>>;
  readonly event: EventBody;
  readonly first: CommitContent;
  /** Given: it may have to wait for a place among these. */
  readonly group: string | undefined;
  /** Its first jobs. Of one that may have to wait none: it gets them with its place. */
  readonly jobs: readonly PlannedJob[];
}

async function writingOf(parts: WriteParts, run: NewRun, now: number): Promise<Writing> {
  const { id, workflow, input, as, priority } = run;
  const { name, version, compiled } = workflow;
  const content = await parts.conclusion.of(id, workflow, input, run.transition, now);
  const { transition } = content;
  const paused: EventBody[] = as?.paused ? [{ type: "run.paused", by: `run ${as.parent.run}` }] : [];
  const first: CommitContent = transition.ending
    ? content
    : { ...content, status: "queued", events: [...content.events, ...paused] };
  const event: EventBody = {
    type: "run.created",
    workflow: name,
    version,
    ...(run.forkOf ? { forkOf: run.forkOf } : {}),
  };
  const place = { runId: id, version, workflow: compiled, place: "back", now, priority } as const;
  const group = as || transition.ending ? undefined : groupOf(workflow, input);
  const jobs = group === undefined ? transition.opened.map((dispatch) => plannedJob(dispatch, place)) : [];
  const fields = { ...fieldsOf(run), ...(group === undefined ? {} : { place: group }) };
  return { run, fields, event, first, group, jobs };
}

/** What follows once a run is written. */
async function begun(parts: WriteParts, { run: { id }, group, first: { transition } }: Writing): Promise<void> {
  if (group !== undefined) await restoreJobs(parts, id);
  if (transition.ending) await closeRun(parts, id, transition.state);
}

/** The runs that it counts together with. A child run counts with none: it could wait for a place that its own parent has. */
function groupOf({ name, compiled }: LoadedWorkflow, input: JsonObject): string | undefined {
  return compiled.runLimit && placesGroup(name, compiled.runLimit.keyOf(input));
}

function fieldsOf({
  id,
  workflow,
  input,
  hints,
  priority,
  as,
  forkOf,
  undoes,
}: NewRun): Readonly<Record<string, string>> {
  return {
    id,
    workflow: workflow.name,
    version: String(workflow.version),
    input: JSON.stringify(input),
    hints: JSON.stringify(hints),
    ...(priority === "normal" ? {} : { priority }),
    ...(as ? { parent: JSON.stringify(as.parent) } : {}),
    ...(as?.paused ? { paused: "parent" } : {}),
    ...(forkOf ? { forkOf: JSON.stringify(forkOf) } : {}),
    ...(undoes === undefined ? {} : { undoes }),
  };
}

/** A run that was there already may have been left by a crash before it got its jobs; one that has ended was listed as open again just now. */
export async function complete(parts: WriteParts, id: string): Promise<void> {
  const status = await parts.redis.hget(parts.keys.run(id).run, "status");
  if (status !== "running") await restoreJobs(parts, id);
}

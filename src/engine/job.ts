import type { Priority } from "../core/priority.ts";
import type { CompiledStep } from "../workflow/compiled.ts";
import { jobPriority } from "./job-priority.ts";
import type { Dispatch } from "./state.ts";

/** The queues of BullMQ. `control`: what concerns a whole run; `timer`: delayed events; `llm` and `io`: steps, by what they wait for. */
export const queueNames = ["control", "timer", "llm", "io"] as const;

/** One of {@link queueNames}. */
export type QueueName = (typeof queueNames)[number];

/** What a job carries. Small: everything else is in the run. */
export interface JobData {
  readonly run: string;
  readonly workflow: string;
  readonly version: number;
  /** Absent on jobs of `control`. */
  readonly actor?: string;
  readonly epoch?: number;
  /** Of a job in which a step goes on after it was parked: the number of that parking. */
  readonly times?: number;
  /**
   * Of a step's job: how its attempt is begun, so that this can be done where the job is taken. Absent: the worker begins it, who knows the step. So it is where there is one
   * attempt only: that shall not be spent because the answer in which the job comes is lost.
   */
  readonly begin?: JobBeginning;
  /** Of its run. Absent: normal. */
  readonly priority?: Priority;
  /** Of jobs that begin a scheduled run. */
  readonly schedule?: string;
}

/** What beginning an attempt needs to know of its step. */
export interface JobBeginning {
  /** That its policy allows. */
  readonly attempts: number;
  /** Step ids; absent: none. */
  readonly reads?: readonly string[];
  /** Whether its memo is enough, where it has one. */
  readonly bare?: true;
}

/** A job of ours in one of the queues. */
export interface PlannedJob {
  readonly queue: QueueName;
  readonly name: string;
  readonly data: JobData;
  readonly opts: PlannedOptions;
}

/** Options of BullMQ that jobs of ours have. A worker's commit takes the last two as the same for all jobs (job-values.ts). */
export interface PlannedOptions {
  readonly jobId: string;
  readonly priority?: number;
  /** Milliseconds. */
  readonly delay?: number;
  readonly attempts: typeof attempts;
  readonly backoff: typeof backoff;
}

/** What a worker keeps of finished jobs for the queue dashboard; the runs themselves hold the truth. */
export const keptJobs = { removeOnComplete: { count: 200 }, removeOnFail: { count: 500 } } as const;

/** BullMQ counts attempts too, but the budget is the run's: this is only more than any policy allows. */
const attempts = 1_000_000;

/** By what a worker says of the attempt that ended. */
const backoff = { type: "policy" } as const;

/** What is known of a workflow whose steps get jobs. */
export interface JobSource {
  readonly name: string;
  readonly steps: ReadonlyMap<
    string,
    Pick<CompiledStep, "kind" | "queue" | "compensates" | "retry" | "reads" | "resumesBare">
  >;
  /** Queues by kind: where this process does not have the workflow's machine, and so not its steps. */
  readonly queues?: ReadonlyMap<string, CompiledStep["queue"]>;
}

/** What a planned job needs to know besides its dispatch. */
export interface JobPlace {
  readonly runId: string;
  readonly version: number;
  readonly workflow: JobSource;
  /** `front`: its run has begun, and is finished before further ones of its priority are begun. `back`: it has not. */
  readonly place: "front" | "back";
  /** Epoch milliseconds. */
  readonly now: number;
  /** Of the run. Absent: normal. */
  readonly priority?: Priority | undefined;
  /** Of a step that was parked: how often. Each time it goes on it does so in a job of its own, and only that job may. */
  readonly times?: number;
}

/** Queue, id and content of the job that a dispatch needs. Pure. BullMQ forbids `:` in ids. */
export function plannedJob(
  dispatch: Dispatch,
  { runId, version, workflow, place, now, times, priority }: JobPlace,
): PlannedJob {
  const { actor, epoch, kind, dueAt } = dispatch;
  const step = workflow.steps.get(actor);
  const queue = kind === "timer" ? "timer" : (step?.queue ?? workflow.queues?.get(kind) ?? "io");
  return {
    queue,
    name: actor,
    data: {
      run: runId,
      workflow: workflow.name,
      version,
      actor,
      epoch,
      ...(times === undefined ? {} : { times }),
      ...(step && kind !== "timer" && step.retry.attempts > 1 ? { begin: beginningOf(step) } : {}),
      ...(priority === undefined || priority === "normal" ? {} : { priority }),
    },
    opts: {
      jobId: jobIdOf(runId, actor, epoch, times),
      attempts,
      backoff,
      ...(dueAt > now ? { delay: dueAt - now } : {}),
      ...(queue === "timer" ? {} : { priority: jobPriority(priority, place) }),
    },
  };
}

function beginningOf({
  retry,
  reads,
  resumesBare,
}: Pick<CompiledStep, "retry" | "reads" | "resumesBare">): JobBeginning {
  return {
    attempts: retry.attempts,
    ...(reads.length > 0 ? { reads } : {}),
    ...(resumesBare ? { bare: true } : {}),
  };
}

/** The id of a dispatch's job. @param times of a step that was parked */
export function jobIdOf(runId: string, actor: string, epoch: number, times?: number): string {
  return `${runId}-${actor.replaceAll(":", "_")}-${epoch}${times === undefined ? "" : `-w${times}`}`;
}

/** The job that folds an inbox which nobody holds. @param rev the run's revision, so that each state can be folded. */
export function foldJob(runId: string, workflow: string, version: number, rev: string): PlannedJob {
  return {
    queue: "control",
    name: "fold",
    data: { run: runId, workflow, version },
    opts: { jobId: `${runId}-fold-${rev}`, attempts, backoff },
  };
}

/** The job that folds what a command has put into an inbox. @param id the command's */
export function commandJob(runId: string, workflow: string, version: number, id: string): PlannedJob {
  const fold = foldJob(runId, workflow, version, "");
  return { ...fold, opts: { ...fold.opts, jobId: `${runId}-command-${id}` } };
}

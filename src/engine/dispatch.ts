import { type JobsOptions, Queue, type QueueOptions } from "bullmq";
import type { Redis } from "ioredis";
import type { Priority } from "../core/priority.ts";
import type { CompiledStep } from "../workflow/compiled.ts";
import { jobPriority } from "./job-priority.ts";
import { prioritizedJobValues } from "./job-values.ts";
import type { ScriptValue } from "../redis/script.ts";
import type { Dispatch, RunState } from "./state.ts";

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
  /** Of a step's job: how its attempt is begun, so that this can be done where the job is taken. Absent: the worker begins it, who knows the step. */
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
  readonly opts: JobsOptions & { readonly jobId: string };
}

/** What a worker keeps of finished jobs for the queue dashboard; the runs themselves hold the truth. */
export const keptJobs = { removeOnComplete: { count: 200 }, removeOnFail: { count: 500 } } as const;

/** BullMQ counts attempts too, but the budget is the run's: this is only more than any policy allows. */
const attempts = 1_000_000;

/** What is known of a workflow whose steps get jobs. */
export interface JobSource {
  readonly name: string;
  readonly steps: ReadonlyMap<string, Pick<CompiledStep, "kind" | "queue" | "compensates" | "retry" | "reads" | "resumesBare">>;
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
      ...(step && kind !== "timer" ? { begin: beginningOf(step) } : {}),
      ...(priority === undefined || priority === "normal" ? {} : { priority }),
    },
    opts: {
      jobId: jobIdOf(runId, actor, epoch, times),
      attempts,
      backoff: { type: "policy" },
      ...(dueAt > now ? { delay: dueAt - now } : {}),
      ...(queue === "timer" ? {} : { priority: jobPriority(priority, place) }),
    },
  };
}

function beginningOf({ retry, reads, resumesBare }: Pick<CompiledStep, "retry" | "reads" | "resumesBare">): JobBeginning {
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
    opts: { jobId: `${runId}-fold-${rev}`, attempts, backoff: { type: "policy" } },
  };
}

/** The job that folds what a command has put into an inbox. @param id the command's */
export function commandJob(runId: string, workflow: string, version: number, id: string): PlannedJob {
  const fold = foldJob(runId, workflow, version, "");
  return { ...fold, opts: { ...fold.opts, jobId: `${runId}-command-${id}` } };
}

/** Adds jobs. Adding one that exists (by id) changes nothing. */
export class Dispatcher {
  readonly queues: Readonly<Record<QueueName, Queue<JobData>>>;

  constructor(redis: Redis, prefix: string, onError: (error: Error) => void) {
    const options: QueueOptions = { connection: redis, prefix, skipVersionCheck: true };
    const open = (name: QueueName) => {
      const queue = new Queue<JobData>(name, options);
      queue.on("error", onError);
      return queue;
    };
    this.queues = { control: open("control"), timer: open("timer"), llm: open("llm"), io: open("io") };
  }

  async add(jobs: readonly PlannedJob[]): Promise<void> {
    if (jobs.length === 1 && jobs[0]) {
      const { queue, name, data, opts } = jobs[0];
      await this.queues[queue].add(name, data, opts);
      return;
    }
    const groups = queueNames.map((queue) => ({ queue, group: jobs.filter((job) => job.queue === queue) }));
    await Promise.all(groups.map(({ queue, group }) => group.length > 0 && this.queues[queue].addBulk(group)));
  }

  /** The jobs as what BullMQ's script is given for each; null: not all of them are added by that script. */
  async values(jobs: readonly PlannedJob[]): Promise<readonly (readonly ScriptValue[])[] | null> {
    const values = await Promise.all(jobs.map((job) => prioritizedJobValues(this.queues[job.queue], job)));
    return values.every((one) => one !== null) ? values : null;
  }

  /**
   * Adds the jobs that are missing, and those that BullMQ has given up although the run still wants them.
   * @returns how many were added.
   */
  async restore(jobs: readonly PlannedJob[]): Promise<number> {
    const states = await Promise.all(jobs.map(({ queue, opts }) => this.queues[queue].getJobState(opts.jobId)));
    const missing: PlannedJob[] = [];
    for (const [index, job] of jobs.entries()) {
      const state = states[index];
      if (state === "failed" || state === "completed") await this.queues[job.queue].remove(job.opts.jobId);
      if (state === "failed" || state === "completed" || state === "unknown") missing.push(job);
    }
    if (missing.length > 0) await this.add(missing);
    return missing.length;
  }

  /**
   * Adds the job of a parked step that was woken; where it is there and sleeps, it is due now. It is looked for after it was added: whoever parked the step may be
   * about to add it as one that sleeps.
   * @returns whether it was missing or slept.
   */
  async wake(job: PlannedJob): Promise<boolean> {
    const added = await this.restore([job]);
    const found = await this.queues[job.queue].getJob(job.opts.jobId);
    if (!found || !(await found.isDelayed())) return added > 0;
    await found.promote().catch(() => undefined);
    return true;
  }

  /** Lets jobs that wait go before less urgent ones, where they have become more urgent than they were. */
  async raise(jobs: readonly PlannedJob[]): Promise<void> {
    for (const { queue, opts } of jobs) {
      const found = await this.queues[queue].getJob(opts.jobId);
      const { priority = 0 } = opts;
      if (found && priority > 0 && found.priority > priority) await found.changePriority({ priority });
    }
  }

  /** Takes steps' jobs out of their queues, where they have not begun. */
  async remove(ids: readonly string[]): Promise<void> {
    const { llm, io } = this.queues;
    await Promise.all(ids.flatMap((id) => [llm, io].map((queue) => queue.remove(id).catch(() => 0))));
  }

  /** Removes the jobs of a run's timers. One that is due at this moment stays and is refused. */
  async removeTimers(runId: string, { left = {} }: RunState): Promise<void> {
    const timers = Object.entries(left).filter(([, { kind }]) => kind === "timer");
    await Promise.all(timers.map(([actor, { epoch }]) => this.queues.timer.remove(jobIdOf(runId, actor, epoch))));
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.queues).map((queue) => queue.close()));
  }
}

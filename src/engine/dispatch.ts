import { Queue, type QueueOptions } from "bullmq";
import type { Redis } from "ioredis";
import type { ScriptValue } from "../redis/script.ts";
import { type JobData, jobIdOf, type PlannedJob, type QueueName, queueNames } from "./job.ts";
import { Additions } from "./job-values.ts";
import type { RunState } from "./state.ts";

/** Adds jobs. Adding one that exists (by id) changes nothing. */
export class Dispatcher {
  readonly queues: Readonly<Record<QueueName, Queue<JobData>>>;
  readonly #additions: Readonly<Record<QueueName, Additions>>;

  constructor(redis: Redis, prefix: string, onError: (error: Error) => void) {
    const options: QueueOptions = { connection: redis, prefix, skipVersionCheck: true };
    const open = (name: QueueName) => {
      const queue = new Queue<JobData>(name, options);
      queue.on("error", onError);
      return queue;
    };
    this.queues = { control: open("control"), timer: open("timer"), llm: open("llm"), io: open("io") };
    const { control, timer, llm, io } = this.queues;
    this.#additions = {
      control: new Additions(control),
      timer: new Additions(timer),
      llm: new Additions(llm),
      io: new Additions(io),
    };
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

  /** The jobs as what BullMQ's script is given for each; null: not all of them are added by that script. @param at epoch milliseconds */
  async values(jobs: readonly PlannedJob[], at: number): Promise<readonly (readonly ScriptValue[])[] | null> {
    const values = await Promise.all(jobs.map((job) => this.#additions[job.queue].of(job, at)));
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

import { DelayedError, type Job, UnrecoverableError, Worker, type WorkerOptions } from "bullmq";
import type { Redis } from "ioredis";
import { catalogue } from "../core/catalogue.ts";
import { assertNever, type ErrorRecord } from "../core/errors.ts";
import type { IdSource } from "../core/ids.ts";
import { type AttemptEnd, type AttemptParts, attempt } from "./attempt.ts";
import { isForOthers } from "./definitions.ts";
import { type Handover, Handovers } from "./handovers.ts";
import { type JobData, keptJobs, type QueueName, queueNames } from "./job.ts";
import type { StopReason } from "./limited.ts";
import { LockKeeper } from "./lock-keeper.ts";
import { checksJob, type ProviderChecks } from "./provider-checks.ts";
import { type RestoreParts, reconcile } from "./restore.ts";
import { type Execution, leaseMs } from "./run-store.ts";
import { type Schedules, scheduleJob } from "./schedules.ts";

/**
 * How a dead worker is noticed. A job's lock lasts 2.5 s and is renewed every 0.4 to 0.8 s, also while the event loop is busy; all workers together look every second
 * for active jobs without a lock and put them back: 2 to 4 s after a kill. BullMQ's own defaults take 60 s.
 */
const vigilance = { lockDuration: 2_500, lockRenewTime: 800, stalledInterval: 1_000 } as const;

/** Announcements of unwanted steps that a process keeps for jobs that are on their way to it. */
const keptUnwanted = 10_000;

/** What the workers of one process need. */
export interface WorkerParts extends AttemptParts {
  readonly redis: Redis;
  /** Of the same server, for the thread that keeps the locks. */
  readonly redisUrl: string;
  readonly prefix: string;
  /** Steps of each step queue that this process executes at a time. */
  readonly concurrency: number;
  readonly restore: RestoreParts;
  readonly checks: ProviderChecks;
  readonly schedules: Schedules;
  /** Removes the runs that have been ended for longer than they are kept. */
  readonly removeEnded: () => Promise<number>;
  /** Names one execution of a job. */
  readonly token: IdSource;
  readonly onError: (error: Error) => void;
}

/** Thrown into BullMQ so that it brings the job again after `delayMs`, as its next attempt. */
class NextAttempt extends Error {
  readonly delayMs: number;

  constructor(message: string, delayMs: number) {
    super(message);
    this.name = "NextAttempt";
    this.delayMs = delayMs;
  }
}

/** The BullMQ workers of one process, one a queue. */
export class Workers {
  readonly #workers: readonly Worker<JobData>[];
  /** What is under way, by job id. */
  readonly #running = new Map<string, { readonly stop: AbortController; readonly data: JobData }>();
  /** What was announced as unwanted and is not under way: its attempt may have been begun, and its job be on its way here. */
  readonly #unwanted = new Set<string>();
  readonly #parts: WorkerParts;
  readonly #locks: LockKeeper;
  readonly #handovers: Handovers;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    const { redisUrl, prefix, onError } = parts;
    this.#handovers = new Handovers({
      keys: parts.restore.keys,
      worker: parts.worker,
      token: parts.token,
      clock: parts.clock,
      now: () => performance.now(),
    });
    this.#locks = new LockKeeper({ redisUrl, prefix, lockMs: vigilance.lockDuration, everyMs: 600, onError });
    this.#workers = queueNames.map((queue) => this.#open(queue));
  }

  #open(queue: QueueName): Worker<JobData> {
    const { redis, prefix, concurrency, onError } = this.#parts;
    const steps = queue === "llm" || queue === "io";
    const options: WorkerOptions = {
      connection: redis,
      prefix,
      name: this.#parts.worker,
      concurrency: steps ? concurrency : Math.max(concurrency, 20),
      ...vigilance,
      ...keptJobs,
      // The attempt budget is the run's. A job that stalls is always brought again; the run decides when it is enough.
      maxStalledCount: 1_000_000,
      runRetryDelay: 500,
      drainDelay: 2,
      settings: { backoffStrategy: (_made, _type, error) => (error instanceof NextAttempt ? error.delayMs : 1_000) },
    };
    const process = (job: Job<JobData>, token = ""): Promise<void> =>
      this.#process(queue, job, token, this.#handovers.of(worker, job, token));
    const worker = new Worker<JobData>(queue, process, options, this.#handovers.backend);
    worker.on("error", onError);
    worker.on("failed", (job, error) => {
      // A retry or a failed step is in the run's history; anything else is a fault of ours or of Redis, and the job comes again.
      if (error instanceof NextAttempt || error instanceof UnrecoverableError) return;
      onError(new Error(`Job ${job?.id} of ${queue}: ${error.message}`, { cause: error }));
    });
    worker.on("lockRenewalFailed", (jobIds) => {
      for (const id of jobIds) this.#running.get(id)?.stop.abort("fence_lost" satisfies StopReason);
    });
    return worker;
  }

  async #process(queue: QueueName, job: Job<JobData>, token: string, handover: Handover): Promise<void> {
    const id = job.id ?? "";
    const stop = new AbortController();
    // A job that comes while its former execution still goes on here was taken from that one. BullMQ stops renewing a lock when either ends; the keeper does not.
    this.#running.get(id)?.stop.abort("fence_lost" satisfies StopReason);
    this.#running.set(id, { stop, data: job.data });
    if (this.#unwanted.delete(withoutParking(id))) stop.abort("abandoned" satisfies StopReason);
    this.#locks.hold(queue, id, token);
    try {
      await this.#end(job, token, await this.#executed(queue, job, stop, handover));
    } finally {
      handover.end();
      this.#locks.release(queue, id, token);
      if (this.#running.get(id)?.stop === stop) this.#running.delete(id);
    }
  }

  /** What needs a machine or a kind of step that this process does not have comes again, for another one. */
  async #executed(queue: QueueName, job: Job<JobData>, stop: AbortController, handover: Handover): Promise<AttemptEnd> {
    try {
      return await this.#execute(queue, job, stop, handover);
    } catch (error) {
      if (!isForOthers(error)) throw error;
      // Its lease has passed by then.
      return { type: "later", delayMs: Math.min(leaseMs * 2 ** Math.min(job.attemptsStarted - 1, 5), 30_000) };
    }
  }

  async #execute(queue: QueueName, job: Job<JobData>, stop: AbortController, handover: Handover): Promise<AttemptEnd> {
    const { run, workflow, version, actor = "", epoch = 0, times, priority } = job.data;
    const { folder } = this.#parts;
    const execution: Execution = {
      runId: run,
      actor,
      epoch,
      token: handover.begun?.token ?? this.#parts.token(),
      ...(times === undefined ? {} : { times }),
      ...(priority === undefined ? {} : { priority }),
    };
    switch (queue) {
      case "control":
        if (job.name === "reconcile") {
          await reconcile(this.#parts.restore);
          await this.#parts.checks.schedule();
          await this.#parts.schedules.restore();
          await this.#parts.removeEnded();
          return { type: "done" };
        }
        if (job.name === scheduleJob) {
          await this.#parts.schedules.begin(job.data.schedule ?? "", job.id ?? "");
          return { type: "done" };
        }
        if (job.name === checksJob) {
          await this.#parts.checks.schedule();
          await this.#parts.checks.run();
          return { type: "done" };
        }
        return folder.again(execution);
      case "timer":
        return folder.deliver({ ...execution, token: "" }, { actor, epoch, type: "timer" });
      case "llm":
      case "io":
        return attempt(this.#parts, execution, workflow, version, stop, handover);
      default:
        return assertNever(queue);
    }
  }

  async #end(job: Job<JobData>, token: string, end: AttemptEnd): Promise<void> {
    switch (end.type) {
      case "done":
        return;
      case "failed":
        throw new UnrecoverableError(wordsOf(end.error));
      case "retry":
        throw new NextAttempt(wordsOf(end.error), end.delayMs);
      case "busy":
        return this.#delay(job, token, end.leaseMs + 20);
      case "later":
        return this.#delay(job, token, end.delayMs);
      default:
        assertNever(end);
    }
  }

  async #delay(job: Job<JobData>, token: string, delayMs: number): Promise<never> {
    await job.moveToDelayed(Date.now() + Math.max(1, delayMs), token);
    throw new DelayedError();
  }

  /** Aborts what runs of these steps, or is about to. @param ids of their jobs, as of steps that were never parked */
  abandon(ids: readonly string[]): void {
    const unwanted = new Set(ids);
    for (const [job, { stop }] of this.#running) {
      if (unwanted.delete(withoutParking(job))) stop.abort("abandoned" satisfies StopReason);
    }
    for (const id of unwanted) this.#unwanted.add(id);
    for (const id of this.#unwanted) {
      if (this.#unwanted.size <= keptUnwanted) break;
      this.#unwanted.delete(id);
    }
  }

  /** Aborts what nobody wants any more, where that was announced while this process could not hear it. */
  async lookAgain(): Promise<void> {
    const { redis, keys } = this.#parts.restore;
    const looks = [...this.#running.values()].map(async ({ stop, data: { run, actor, epoch } }) => {
      if (actor === undefined) return;
      const fence = await redis.hget(keys.run(run).fences, actor);
      if (fence?.split("|", 1)[0] !== String(epoch)) stop.abort("abandoned" satisfies StopReason);
    });
    await Promise.all(looks);
  }

  /** Waits until every queue is served. */
  async ready(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.waitUntilReady()));
  }

  /**
   * Takes no further job and lets the running ones end. Those that have not after `graceMs` are stopped and given back to their queues,
   * without a spent attempt.
   */
  async close(graceMs: number): Promise<void> {
    const timer = setTimeout(() => {
      for (const { stop } of this.#running.values()) stop.abort("stopping" satisfies StopReason);
    }, graceMs);
    try {
      await Promise.all(this.#workers.map((worker) => worker.close()));
    } finally {
      clearTimeout(timer);
      await this.#locks.close();
    }
  }
}

/** A job's id as it is announced: the same for each job in which a step goes on. */
function withoutParking(id: string): string {
  return id.replace(/-w\d+$/, "");
}

/**
 * What a job keeps of a failure. The queue dashboard shows the jobs of all tenants, and a provider's words may repeat what it was sent: those stand in the run's history alone.
 */
function wordsOf({ code }: ErrorRecord): string {
  const known: Readonly<Record<string, { readonly summary: string }>> = catalogue;
  return `${code}: ${known[code]?.summary ?? "The run's history says more."}`;
}

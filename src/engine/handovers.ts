import {
  array2obj,
  type BackendFactory,
  createRedisBackend,
  type Job,
  type RedisQueueBackend,
  raw2NextJobData,
  type Worker,
} from "bullmq";
import type { Redis } from "ioredis";
import type { IdSource } from "../core/ids.ts";
import type { Keys } from "../redis/keys.ts";
import type { ScriptValue } from "../redis/script.ts";
import { nextJobScript } from "./handover-scripts.ts";
import type { JobData } from "./job.ts";
import { type BullValue, Completions, plainValues } from "./job-values.ts";
import type { RecentState } from "./recent.ts";

/** An attempt that was begun when its job was taken. */
export interface BegunJob {
  /** Of its execution. */
  readonly token: string;
  /** What begin_attempt.lua answered. */
  readonly reply: readonly string[];
  /** The step ids whose outputs are in that. */
  readonly reads: readonly string[];
  /** When that was asked, by {@link HandoverParts.now}. */
  readonly askedAt: number;
  /** The state that its worker has just made: where the attempt is of the same run, the answer does not repeat it. */
  readonly recent?: RecentState;
}

/**
 * A worker's handover: one job. The commit that ends it may finish its job, take the next one and begin that one's attempt: then a step costs one command. BullMQ, which
 * does these things one by one, is answered from what was done.
 */
export interface Handover {
  /** How its attempt was begun, when its job was taken; undefined: it has yet to be. */
  readonly begun: BegunJob | undefined;
  /** Whether that was so short a time ago that nobody else has the job since. A process may have been stopped in between. */
  readonly isFresh: boolean;
  /** Names the worker in the history. */
  readonly worker: string;
  /** Token of the execution that the next job begins with. */
  readonly next: string;
  /** What BullMQ's `moveToFinished` is given to finish its job as completed, keys first. From then on nobody is told that its lock is lost: it goes with the job. */
  finish(): readonly ScriptValue[];
  /** Its job was not finished after all. */
  kept(): void;
  /** @param taken what `moveToFinished` answered. @param begun how the attempt of the job in it was begun. @param committed the state that this handover has made */
  took(taken: unknown, begun: readonly string[] | undefined, committed: RecentState): void;
  /** Its job is not at work any more. */
  end(): void;
}

/** What handovers need. */
export interface HandoverParts {
  readonly keys: Keys;
  /** The worker's name in the history. */
  readonly worker: string;
  /** Names executions. */
  readonly token: IdSource;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** Milliseconds, of a clock that only goes forward. */
  readonly now: () => number;
}

/** Less than a job's lock lasts. */
const believedMs = 1_000;

/** The handovers of one process. */
export class Handovers {
  readonly #parts: HandoverParts;
  /** What finishing a job takes, by worker. */
  readonly #completions = new WeakMap<Worker<JobData>, Completions>();
  /** What `moveToFinished` has answered already. */
  readonly #finished = new WeakMap<object, unknown>();
  /** By job id and number of its start. */
  readonly #begun = new Map<string, Omit<BegunJob, "reads">>();
  /** Jobs at work whose locks are to be kept: token and id. One whose finishing is under way loses its lock by that. */
  readonly #held = new Set<string>();

  constructor(parts: HandoverParts) {
    this.#parts = parts;
  }

  /** A backend of BullMQ that takes and finishes jobs as {@link Handover} has it. */
  readonly backend: BackendFactory<RedisQueueBackend> = (...how) => {
    const backend = createRedisBackend(...how);
    const execute = backend.execCommand.bind(backend);
    backend.execCommand = (client, command, values) =>
      command === "moveToActive" ? this.#take(client as unknown as Redis, values) : execute(client, command, values);
    const complete = backend.moveToCompleted.bind(backend);
    backend.moveToCompleted = async (job, ...rest) => {
      const code = this.#finished.get(job);
      if (code === undefined) return complete(job, ...rest);
      if (typeof code !== "number") return { result: raw2NextJobData(code as unknown[]), finishedOn: Date.now() };
      if (code >= 0) return { result: [], finishedOn: Date.now() };
      throw backend.finishedErrors({ code, jobId: job.id ?? "", command: "moveToFinished", state: "active" });
    };
    const extend = backend.extendLocks.bind(backend);
    backend.extendLocks = async (ids, locks, ms) => {
      const lost = await extend(ids, locks, ms);
      return lost.filter((id) => this.#held.has(lockOf(id, locks[ids.indexOf(id)])));
    };
    return backend;
  };

  /** @param lock the token of the job's lock */
  of(worker: Worker<JobData>, job: Job<JobData>, lock: string): Handover {
    const { worker: name, token, clock, now } = this.#parts;
    const key = startOf(job.id, job.attemptsStarted);
    const noted = this.#begun.get(key);
    this.#begun.delete(key);
    const begun = noted && { ...noted, reads: job.data.begin?.reads ?? [] };
    const next = token();
    const held = lockOf(job.id, lock);
    let askedAt = 0;
    this.#held.add(held);
    return {
      begun,
      isFresh: begun !== undefined && now() - begun.askedAt < believedMs,
      worker: name,
      next,
      finish: () => {
        this.#held.delete(held);
        askedAt = now();
        return this.#completionsOf(worker).of(job, lock, clock());
      },
      took: (taken, reply, recent) => {
        this.#finished.set(job, taken);
        this.#note(taken, reply, { token: next, recent, askedAt });
      },
      kept: () => void this.#held.add(held),
      end: () => void this.#held.delete(held),
    };
  }

  #completionsOf(worker: Worker<JobData>): Completions {
    const known = this.#completions.get(worker) ?? new Completions(worker);
    this.#completions.set(worker, known);
    return known;
  }

  /** The first job of a worker that had none. @param values what `moveToActive` is given @returns what it answers */
  async #take(redis: Redis, values: readonly BullValue[]): Promise<unknown> {
    const { keys, worker, now } = this.#parts;
    const token = this.#parts.token();
    const askedAt = now();
    const args = [token, worker, ...plainValues(values)];
    const [taken, reply] = (await nextJobScript.run(redis, [keys.run("").run], args)) as [
      unknown,
      (readonly string[])?,
    ];
    this.#note(taken, reply, { token, askedAt });
    return taken;
  }

  /** @param taken the answer of BullMQ's script: with the job as a hash and its id */
  #note(taken: unknown, reply: readonly string[] | undefined, how: Omit<BegunJob, "reply" | "reads">): void {
    if (!reply || !Array.isArray(taken)) return;
    const [fields, id] = taken as [string[], string];
    this.#begun.set(startOf(id, array2obj(fields).ats), { ...how, reply });
  }
}

/** One start of a job: where it comes again, it is another one. */
function startOf(jobId: string | undefined, started: number | string | undefined): string {
  return `${jobId} ${started}`;
}

function lockOf(jobId: string | undefined, token: string | undefined): string {
  return `${token} ${jobId}`;
}

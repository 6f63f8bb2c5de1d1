import { type BackendFactory, createRedisBackend, type Job, type RedisQueueBackend, type Worker } from "bullmq";
import type { IdSource } from "../core/ids.ts";
import type { ScriptValue } from "../redis/script.ts";
import type { JobData } from "./dispatch.ts";
import { plainValues } from "./job-values.ts";
import type { RecentState } from "./recent.ts";

/** An attempt that was begun when its job was taken. */
export interface BegunJob {
  /** Of its execution. */
  readonly token: string;
  /** What begin_attempt.lua answered. */
  readonly reply: readonly string[];
  /** The state that this worker made last: where the attempt is of the same run, the answer does not repeat it. */
  readonly recent: RecentState;
}

/**
 * A worker's turn: one job. The commit that ends it may finish its job, take the next one and begin that one's attempt: then a step costs one command. BullMQ, which
 * does these things one by one, is answered from what was done.
 */
export interface Turn {
  /** How its attempt was begun, when its job was taken; undefined: it has yet to be. */
  readonly begun: BegunJob | undefined;
  /** Names the worker in the history. */
  readonly worker: string;
  /** Token of the execution that the next job begins with. */
  readonly next: string;
  /** What BullMQ's `moveToFinished` is given to finish its job as completed, keys first. */
  finish(): readonly ScriptValue[];
  /** @param taken what `moveToFinished` answered. @param begun how the attempt of the job in it was begun. @param committed the state that this turn has made */
  took(taken: unknown, begun: readonly string[] | undefined, committed: RecentState): void;
}

/** The turns of one process. */
export class Turns {
  readonly #worker: string;
  readonly #token: IdSource;
  /** What `moveToFinished` has answered already, by job id. */
  readonly #finished = new Map<string, unknown>();
  /** By job id and number of its start. */
  readonly #begun = new Map<string, BegunJob>();

  /** @param worker its name in the history. @param token names executions */
  constructor(worker: string, token: IdSource) {
    this.#worker = worker;
    this.#token = token;
  }

  /** A backend of BullMQ that asks here first. */
  readonly backend: BackendFactory<RedisQueueBackend> = (...how) => {
    const backend = createRedisBackend(...how);
    const execute = backend.execCommand.bind(backend);
    const idAt = backend.moveToFinishedKeys.length;
    backend.execCommand = (client, command, values) => {
      const id = command === "moveToFinished" ? String(values[idAt]) : "";
      const taken = this.#finished.get(id);
      if (taken === undefined) return execute(client, command, values);
      this.#finished.delete(id);
      return taken;
    };
    return backend;
  };

  /** @param lock the token of the job's lock */
  of(worker: Worker<JobData>, job: Job<JobData>, lock: string): Turn {
    const { id = "", attemptsStarted } = job;
    const key = startOf(id, attemptsStarted);
    const begun = this.#begun.get(key);
    this.#begun.delete(key);
    const next = this.#token();
    return {
      begun,
      worker: this.#worker,
      next,
      finish: () => finishing(worker, job, lock),
      took: (taken, reply, recent) => {
        this.#finished.set(id, taken);
        const start = takenStart(taken);
        if (reply && start) this.#begun.set(start, { token: next, reply, recent });
      },
    };
  }
}

function startOf(jobId: string, started: number | string): string {
  return `${jobId} ${started}`;
}

/** Of an answer of `moveToFinished`: the job that it has taken, as {@link startOf}; null: none. */
function takenStart(taken: unknown): string | null {
  const [fields, id] = Array.isArray(taken) ? taken : [];
  if (!Array.isArray(fields)) return null;
  return startOf(String(id), rawJob(fields).ats ?? "0");
}

/** A hash as a script returns it. */
function rawJob(fields: readonly string[]): Readonly<Record<string, string | undefined>> {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) pairs.push([fields[i] ?? "", fields[i + 1] ?? ""]);
  return Object.fromEntries(pairs);
}

/** Takes the next job where the worker goes on. */
function finishing(worker: Worker<JobData>, job: Job<JobData>, lock: string): readonly ScriptValue[] {
  const backend = worker.getBackend() as RedisQueueBackend;
  const goesOn = !(worker.closing || worker.isPaused());
  const kept = job.opts.removeOnComplete ?? worker.opts.removeOnComplete ?? false;
  return plainValues(backend.moveToCompletedArgs(job, "null", kept, lock, goesOn));
}

import { Worker } from "node:worker_threads";
import type { LockNews, LockThreadData } from "./lock-thread.ts";

/** How a lock keeper is started. */
export interface LockKeeperOptions {
  readonly redisUrl: string;
  /** The prefix of BullMQ's keys. */
  readonly prefix: string;
  readonly lockMs: number;
  /** Between two renewals; less than a third of `lockMs`. */
  readonly everyMs: number;
  readonly onError: (error: Error) => void;
}

/** A process whose main thread stands still for longer has hung: others take its jobs. */
const hungAfterMs = 30_000;

/** How old a job is when the thread is told of it. Younger ones have a fresh lock; most jobs that only compute never grow so old. */
const tellAfterMs = 250;

interface HeldJob {
  readonly queue: string;
  readonly id: string;
  readonly token: string;
  readonly since: number;
  isTold: boolean;
}

/**
 * Renews the locks of this process's jobs from a thread of its own. BullMQ renews them from the event loop, and one long computation there
 * (a large answer repaired, a machine with hundreds of parallel states) would pass for the death of the process: every call under way would be made again.
 * A process that is stopped or killed stops this thread too.
 */
export class LockKeeper {
  readonly #thread: Worker;
  readonly #sweep: NodeJS.Timeout;
  readonly #jobs = new Map<string, HeldJob>();
  readonly #released: HeldJob[] = [];

  constructor({ onError, ...options }: LockKeeperOptions) {
    const pulse = new SharedArrayBuffer(4);
    const data: LockThreadData = { ...options, pulse, hungAfterMs };
    this.#thread = new Worker(new URL("./lock-thread.js", import.meta.url), { workerData: data });
    this.#thread.on("error", onError);
    this.#thread.unref();
    const beats = new Int32Array(pulse);
    this.#sweep = setInterval(() => {
      Atomics.add(beats, 0, 1);
      this.#tell(performance.now());
    }, tellAfterMs).unref();
  }

  /** The process works on a job from now on. A job that comes again while its former execution still goes on is held under its new token. */
  hold(queue: string, id: string, token: string): void {
    const key = `${queue}:${id}`;
    this.#forget(key);
    this.#jobs.set(key, { queue, id, token, since: performance.now(), isTold: false });
  }

  /** It does no more. The token says which execution ends: another one of the same job goes on. */
  release(queue: string, id: string, token: string): void {
    const key = `${queue}:${id}`;
    if (this.#jobs.get(key)?.token === token) this.#forget(key);
  }

  #forget(key: string): void {
    const job = this.#jobs.get(key);
    this.#jobs.delete(key);
    if (job?.isTold) this.#released.push(job);
  }

  #tell(now: number): void {
    const held = [...this.#jobs.values()].filter((job) => !job.isTold && now - job.since >= tellAfterMs);
    const released = this.#released.splice(0);
    if (held.length === 0 && released.length === 0) return;
    for (const job of held) job.isTold = true;
    this.#thread.postMessage({ held, released } satisfies LockNews);
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep);
    await this.#thread.terminate();
  }
}

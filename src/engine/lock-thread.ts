import { parentPort, workerData } from "node:worker_threads";
import { connect } from "../redis/connection.ts";
import { loadScript } from "../redis/script.ts";

/** What the thread is started with. */
export interface LockThreadData {
  readonly redisUrl: string;
  /** The prefix of BullMQ's keys. */
  readonly prefix: string;
  readonly lockMs: number;
  readonly everyMs: number;
  /** Counted up by the main thread as long as it lives. */
  readonly pulse: SharedArrayBuffer;
  /** How long the main thread may stand still before its jobs are let go. */
  readonly hungAfterMs: number;
}

/** What has changed since the last message. */
export interface LockNews {
  readonly held: readonly HeldLock[];
  readonly released: readonly HeldLock[];
}

interface HeldLock {
  readonly queue: string;
  readonly id: string;
  readonly token: string;
}

const keep = loadScript("keep", new URL("./lua/keep.lua", import.meta.url));

/** The thread's whole work: renew, on a connection of its own, the locks of whatever the main thread says that it holds. */
function run({ redisUrl, prefix, lockMs, everyMs, pulse, hungAfterMs }: LockThreadData): void {
  const redis = connect(redisUrl, "impatient", () => undefined);
  const queues = new Map<string, Map<string, string>>();
  const beats = new Int32Array(pulse);
  let lastBeat = { count: -1, at: Date.now() };
  parentPort?.on("message", ({ held, released }: LockNews) => {
    for (const { queue, id, token } of released) {
      const jobs = queues.get(queue);
      if (jobs?.get(id) === token) jobs.delete(id);
    }
    for (const { queue, id, token } of held) queues.set(queue, (queues.get(queue) ?? new Map()).set(id, token));
  });
  setInterval(() => {
    const count = Atomics.load(beats, 0);
    if (count !== lastBeat.count) lastBeat = { count, at: Date.now() };
    if (Date.now() - lastBeat.at > hungAfterMs) return;
    for (const [queue, jobs] of queues) {
      if (jobs.size === 0) continue;
      const base = `${prefix}:${queue}:`;
      // Redis away: the next round tries again, and a lock that ran out meanwhile is not ours any more.
      keep.run(redis, [`${base}stalled`], [base, lockMs, ...[...jobs].flat()]).catch(() => undefined);
    }
  }, everyMs);
}

if (parentPort) run(workerData as LockThreadData);

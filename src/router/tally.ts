import type { Redis } from "ioredis";

/** Sums in Redis hashes that are written behind the calls they count. */
export interface Tally {
  /** Adds to a field. Returns at once; while Redis is away the sums wait in this process. */
  note(key: string, field: string, more: number): void;
  /** What was noted here and has not been written. */
  waiting(key: string, field: string): number;
  /** Writes what is left, if Redis answers. */
  close(): Promise<void>;
}

const againMs = 1_000;

/** @param redis an impatient connection @param keptSeconds how long a hash stays after its last change */
export function createTally(redis: Redis, keptSeconds: number): Tally {
  let waiting = new Map<string, Map<string, number>>();
  let written: ReadonlyMap<string, ReadonlyMap<string, number>> = new Map();
  let writing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const note = (key: string, field: string, more: number) => {
    const fields = waiting.get(key) ?? new Map<string, number>();
    waiting.set(key, fields.set(field, (fields.get(field) ?? 0) + more));
  };
  const write = async () => {
    const batch = waiting;
    written = batch;
    waiting = new Map();
    const multi = redis.multi();
    for (const [key, fields] of batch) {
      for (const [field, more] of fields) multi.hincrby(key, field, more);
      multi.expire(key, keptSeconds);
    }
    try {
      await multi.exec();
    } catch {
      // A lost answer may have been written: then these are counted twice.
      for (const [key, fields] of batch) for (const [field, more] of fields) note(key, field, more);
      timer ??= setTimeout(flush, againMs).unref();
    } finally {
      written = new Map();
    }
  };
  const flush = () => {
    timer = undefined;
    if (writing || waiting.size === 0) return;
    writing = write().finally(() => {
      writing = undefined;
      if (timer === undefined) flush();
    });
  };
  return {
    note(key, field, more) {
      note(key, field, more);
      flush();
    },
    waiting: (key, field) => (waiting.get(key)?.get(field) ?? 0) + (written.get(key)?.get(field) ?? 0),
    async close() {
      clearTimeout(timer);
      timer = undefined;
      // The end of one writing may begin the next.
      while (writing) await writing;
      if (waiting.size > 0 && redis.status === "ready") await write();
      clearTimeout(timer);
    },
  };
}

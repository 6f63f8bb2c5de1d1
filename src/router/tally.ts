import type { Redis } from "ioredis";

/** Sums in Redis hashes that are written behind the calls they count. */
export interface Tally {
  /** Adds to a field. Returns at once; while Redis is away the sums wait in this process. */
  note(hash: TallyHash, field: string, more: number): void;
  /** What was noted here and has not been written. */
  waiting(hash: TallyHash, field: string): number;
  /** Writes what is left, if Redis answers. */
  close(): Promise<void>;
}

const againMs = 1_000;

/** A hash of sums. */
export interface TallyHash {
  readonly key: string;
  /** How long it stays after its last change. */
  readonly keptSeconds: number;
}

/** @param redis an impatient connection */
export function createTally(redis: Redis): Tally {
  let waiting: Batch = new Map();
  let written: Batch = new Map();
  let writing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isDue = false;

  const note = ({ key, keptSeconds }: TallyHash, field: string, more: number) => {
    const { fields } = waiting.get(key) ?? { fields: new Map<string, number>() };
    waiting.set(key, { keptSeconds, fields: fields.set(field, (fields.get(field) ?? 0) + more) });
  };
  const write = async () => {
    const batch = waiting;
    written = batch;
    waiting = new Map();
    const multi = redis.multi();
    for (const [key, { keptSeconds, fields }] of batch) {
      for (const [field, more] of fields) multi.hincrby(key, field, more);
      multi.expire(key, keptSeconds);
    }
    try {
      await multi.exec();
    } catch {
      // A lost answer may have been written: then these are counted twice, which is told in the reference.
      for (const [key, { keptSeconds, fields }] of batch)
        for (const [field, more] of fields) note({ key, keptSeconds }, field, more);
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
    note(hash, field, more) {
      note(hash, field, more);
      if (isDue) return;
      isDue = true;
      // All that one call adds goes in one command.
      queueMicrotask(() => {
        isDue = false;
        if (timer === undefined) flush();
      });
    },
    waiting: ({ key }, field) =>
      [waiting, written].reduce((sum, batch) => sum + (batch.get(key)?.fields.get(field) ?? 0), 0),
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

/** By key. */
type Batch = Map<string, { readonly keptSeconds: number; readonly fields: Map<string, number> }>;

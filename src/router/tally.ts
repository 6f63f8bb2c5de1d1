import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import type { Keys } from "../redis/keys.ts";
import { loadScript } from "../redis/script.ts";

/** Sums in Redis hashes that are written behind the calls they count. */
export interface Tally {
  /** Adds to a field. Returns at once; while Redis is away the sums wait in this process. */
  note(hash: TallyHash, field: string, more: number): void;
  /** What was noted here and has not been written, or not surely. */
  waiting(hash: TallyHash, field: string): number;
  /** Writes what is left, if Redis answers. */
  close(): Promise<void>;
}

/** A hash of sums. */
export interface TallyHash {
  readonly key: string;
  /** How long it stays after its last change. */
  readonly keptSeconds: number;
}

const script = loadScript("tally", new URL("./lua/tally.lua", import.meta.url));
const againMs = 1_000;
/** A batch whose answer was lost is recognised for so long. */
const rememberedSeconds = 86_400;

/** Writes batches one after the other. One whose answer was lost is sent again under its number, so that it counts once. @param redis an impatient connection @param writer names this process */
export function createTally(redis: Redis, keys: Pick<Keys, "router">, writer: string = randomUUID()): Tally {
  const mark = keys.router(`tallied:${writer}`);
  let waiting: Batch = new Map();
  let sent: Batch | undefined;
  let number = 1;
  let writing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isDue = false;

  const write = async () => {
    sent ??= waiting;
    if (sent === waiting) waiting = new Map();
    try {
      await script.run(redis, [mark, ...sent.keys()], [number, rememberedSeconds, ...argsOf(sent)]);
      sent = undefined;
      number += 1;
    } catch {
      timer ??= setTimeout(flush, againMs).unref();
    }
  };
  const flush = () => {
    timer = undefined;
    if (writing || (!sent && waiting.size === 0)) return;
    writing = write().finally(() => {
      writing = undefined;
      if (timer === undefined) flush();
    });
  };
  return {
    note({ key, keptSeconds }, field, more) {
      const found = waiting.get(key);
      const { fields } = found ?? { fields: new Map<string, number>() };
      fields.set(field, (fields.get(field) ?? 0) + more);
      if (!found) waiting.set(key, { keptSeconds, fields });
      if (isDue) return;
      isDue = true;
      // All that one call adds goes in one command.
      queueMicrotask(() => {
        isDue = false;
        if (timer === undefined) flush();
      });
    },
    waiting: ({ key }, field) =>
      [waiting, sent].reduce((sum, batch) => sum + (batch?.get(key)?.fields.get(field) ?? 0), 0),
    async close() {
      clearTimeout(timer);
      timer = undefined;
      // The end of one writing may begin the next.
      while (writing) await writing;
      for (let left = sent ? 2 : 1; left > 0 && redis.status === "ready"; left--) {
        if (sent || waiting.size > 0) await write();
      }
      clearTimeout(timer);
    },
  };
}

/** By key. */
type Batch = Map<string, { readonly keptSeconds: number; readonly fields: Map<string, number> }>;

/** ARGV 3 and up of lua/tally.lua. */
function argsOf(batch: Batch): readonly (string | number)[] {
  return [...batch.values()].flatMap(({ keptSeconds, fields }) => [keptSeconds, fields.size, ...[...fields].flat()]);
}

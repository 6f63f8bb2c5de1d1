import type { Redis } from "ioredis";
import type { AnswerPiece, LiveEvent } from "../core/live.ts";
import type { Keys } from "../redis/keys.ts";

/** Between two messages of one step, while somebody reads. */
const everyMs = 40;
/** Between two looks whether somebody reads by now. */
const unreadEveryMs = 250;
/** Characters kept for a reader who comes later. */
const mostUnread = 262_144;

/** Where a running attempt tells the pieces of its answer. */
export interface LiveTeller {
  tell(event: LiveEvent): void;
  /** Sends what is left. Ends within the patience of the connection, and never throws. */
  close(): Promise<void>;
}

/**
 * Tells the pieces of one attempt's answer to whoever watches the run, many at a time. As long as nobody does, they are kept (up to a limit, the newest), so that the first
 * reader gets the answer from its beginning. Best effort: a piece may be lost with Redis, the history is not.
 * @param redis an impatient connection
 */
export function openTeller(redis: Redis, keys: Keys, runId: string): LiveTeller {
  let waiting: LiveEvent[] = [];
  let timer: NodeJS.Timeout | undefined;
  let isUsed = false;
  let sending: Promise<void> = Promise.resolve();
  const send = async () => {
    timer = undefined;
    const batch = waiting;
    if (batch.length === 0) return;
    waiting = [];
    const readers = await redis.publish(keys.channel(runId), JSON.stringify(batch)).catch(() => 0);
    if (readers > 0) return;
    waiting = shortened([...batch, ...waiting]);
    timer ??= setTimeout(flush, unreadEveryMs).unref();
  };
  const flush = () => {
    sending = sending.then(send);
  };
  return {
    tell(event) {
      isUsed = true;
      waiting = joined(waiting, event);
      timer ??= setTimeout(flush, everyMs).unref();
    },
    async close() {
      if (!isUsed) return;
      clearTimeout(timer);
      flush();
      await sending;
      clearTimeout(timer);
    },
  };
}

/** Text that goes on where the last one ended becomes one with it. */
function joined(events: LiveEvent[], event: LiveEvent): LiveEvent[] {
  const last = events.at(-1);
  if (last?.type !== "step.tokens" || event.type !== "step.tokens" || last.call !== event.call) {
    events.push(event);
    return events;
  }
  events[events.length - 1] = { ...last, text: last.text + event.text };
  return events;
}

function shortened(events: LiveEvent[]): LiveEvent[] {
  const merged = events.reduce<LiveEvent[]>(joined, []);
  const size = merged.reduce((sum, event) => sum + (event.type === "step.tokens" ? event.text.length : 0), 0);
  if (size <= mostUnread) return merged;
  const last = merged.at(-1);
  if (last?.type !== "step.tokens") return merged.slice(-1);
  const from = Math.max(0, last.text.length - mostUnread);
  return [{ ...last, at: last.at + from, text: last.text.slice(from) }];
}

/** Adds to each piece where it belongs, and how much of its call's answer came before it. */
export function pieces(teller: LiveTeller, step: string, attempt: number): (piece: AnswerPiece) => void {
  const told = new Map<number, number>();
  return (piece) => {
    const { call, provider } = piece;
    const at = told.get(call) ?? 0;
    if (piece.type === "restarted") {
      teller.tell({ type: "step.restarted", step, attempt, call, provider, reason: piece.reason });
      return;
    }
    told.set(call, at + piece.text.length);
    teller.tell({ type: "step.tokens", step, attempt, call, provider, model: piece.model, at, text: piece.text });
  };
}

import TinyQueue from "tinyqueue";

/** Something to be done at a moment of the virtual clock. */
interface Entry {
  readonly at: number;
  /** Among those of the same moment the one that was entered first goes first. */
  readonly number: number;
  readonly run: () => void;
}

/** The virtual clock, and what is to be done when. */
export interface Agenda {
  /** Epoch milliseconds. */
  readonly now: number;
  /** Enters something; what lies in the past is done next. */
  at(time: number, run: () => void): void;
  /** Does everything in its order; the clock jumps from one to the next. */
  runAll(): void;
}

/** @param start where the clock begins, epoch milliseconds */
export function createAgenda(start: number): Agenda {
  const queue = new TinyQueue<Entry>([], (a, b) => a.at - b.at || a.number - b.number);
  let now = start;
  let count = 0;
  return {
    get now() {
      return now;
    },
    at(time, run) {
      queue.push({ at: Math.max(time, now), number: count++, run });
    },
    runAll() {
      for (let entry = queue.pop(); entry; entry = queue.pop()) {
        now = entry.at;
        entry.run();
      }
    },
  };
}

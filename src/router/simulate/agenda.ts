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
  /** Does what comes next; the clock jumps to it. @returns false: nothing is left */
  step(): boolean;
  /** Does everything in its order. */
  runAll(): void;
}

/** @param start where the clock begins, epoch milliseconds */
export function createAgenda(start: number): Agenda {
  const queue = new TinyQueue<Entry>([], (a, b) => a.at - b.at || a.number - b.number);
  let now = start;
  let count = 0;
  const step = () => {
    const entry = queue.pop();
    if (!entry) return false;
    now = entry.at;
    entry.run();
    return true;
  };
  return {
    get now() {
      return now;
    },
    at(time, run) {
      queue.push({ at: Math.max(time, now), number: count++, run });
    },
    step,
    runAll() {
      while (step());
    },
  };
}

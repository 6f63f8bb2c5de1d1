import { createMask } from "../core/mask.ts";
import { classify } from "./classify.ts";
import type { Connection } from "./connection.ts";
import type { CallTimeouts } from "./timeouts.ts";

/** What a guard needs to know. */
export interface GuardOptions {
  readonly connection: Connection;
  /** What must not appear in a failure. */
  readonly secrets: () => readonly string[];
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

/**
 * Runs work over the wire: it ends with its caller's signal and with its own times, whether or not it heeds the signal it is given.
 * @throws CallFailure - whatever it threw, classified, without secrets
 */
export type Guard = <T>(
  caller: AbortSignal,
  timeouts: CallTimeouts,
  work: (signal: AbortSignal) => Promise<T>,
) => Promise<T>;

/** Builds the guard of one provider. */
export function createGuard({ connection, secrets, clock }: GuardOptions): Guard {
  return async (caller, timeouts, work) => {
    timeouts.endWith(caller);
    const { signal } = timeouts;
    try {
      signal.throwIfAborted();
      return await unlessAborted(signal, work(signal));
    } catch (error) {
      const answered = connection.answered(signal);
      const redact = createMask(secrets());
      throw classify(error, { signal: caller, overdue: timeouts.overdue, answered, nowMs: clock(), redact });
    } finally {
      timeouts.stop();
    }
  };
}

/** Ends with the signal although the work does not (a package that waits for something of its own). Leaves no listener: the work may keep the signal. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    const end = () => reject(signal.reason);
    signal.addEventListener("abort", end, { once: true });
    stop = () => signal.removeEventListener("abort", end);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    stop();
  }
}

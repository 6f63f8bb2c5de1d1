/** Whether Redis is thought to answer. Shared by all that ask it, so that its absence is paid for once. */
export interface Reachability {
  /** Longest wait for one answer. */
  readonly boundMs: number;
  readonly isAway: () => boolean;
  readonly markAway: (error: Error) => void;
  readonly markBack: () => void;
}

/** How long a missed answer keeps us from asking again. */
const awayMs = 1_000;

/** @param onAway told when Redis begins to be away */
export function createReachability(boundMs: number, clock: () => number, onAway: (error: Error) => void): Reachability {
  let awayUntil = Number.NEGATIVE_INFINITY;
  let isTold = false;
  return {
    boundMs,
    isAway: () => clock() < awayUntil,
    markAway(error) {
      if (!isTold) onAway(error);
      isTold = true;
      awayUntil = clock() + awayMs;
    },
    markBack() {
      isTold = false;
    },
  };
}

/** An answer of Redis, or none in time. */
export type Bounded = { readonly type: "answered"; readonly value: unknown } | { readonly type: "away" };

/**
 * Asks Redis and waits no longer than the bound; not at all while it is known to be away.
 * @param send `always`: while it is away the command is sent too, without waiting, so that Redis catches up if it was only slow.
 */
export async function bounded(
  reachability: Reachability,
  ask: () => Promise<unknown>,
  send: "unless away" | "always" = "unless away",
): Promise<Bounded> {
  if (reachability.isAway()) {
    if (send === "always") ask().catch(() => undefined);
    return { type: "away" };
  }
  const late = Symbol("late");
  let timer: NodeJS.Timeout | undefined;
  try {
    const asked = ask();
    asked.catch(() => undefined);
    const value = await Promise.race([
      asked,
      new Promise<typeof late>((resolve) => {
        // After a busy stretch of this process the answer may lie unread: one turn of the event loop lets it in first.
        timer = setTimeout(() => setImmediate(() => setImmediate(() => resolve(late))), reachability.boundMs);
      }),
    ]);
    if (value !== late) {
      reachability.markBack();
      return { type: "answered", value };
    }
    reachability.markAway(new Error(`Redis did not answer within ${reachability.boundMs} ms`));
  } catch (error) {
    reachability.markAway(error instanceof Error ? error : new Error(String(error)));
  } finally {
    clearTimeout(timer);
  }
  return { type: "away" };
}

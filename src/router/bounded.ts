/** Whether Redis is thought to answer. Shared by all that ask it, so that its absence is paid for once. */
export interface Reachability {
  /** Longest wait for one answer. */
  readonly boundMs: number;
  /** From the first answer that was missed to the next that came in time. */
  readonly isAway: () => boolean;
  /** Away for so long that it is worth waiting for once more. */
  readonly isWorthTrying: () => boolean;
  readonly markAway: (error: Error) => void;
  readonly markBack: () => void;
}

/** How long a missed answer keeps everybody from waiting for another. */
const awayMs = 1_000;

/** @param onAway told when Redis begins to be away */
export function createReachability(boundMs: number, clock: () => number, onAway: (error: Error) => void): Reachability {
  let isAway = false;
  let awayUntil = Number.NEGATIVE_INFINITY;
  return {
    boundMs,
    isAway: () => isAway,
    isWorthTrying: () => clock() >= awayUntil,
    markAway(error) {
      if (!isAway) onAway(error);
      isAway = true;
      awayUntil = clock() + awayMs;
    },
    markBack() {
      isAway = false;
    },
  };
}

/** An answer of Redis, or none in time. */
export type Bounded = { readonly type: "answered"; readonly value: unknown } | { readonly type: "away" };

/**
 * What is done while Redis is away. `skip`: nothing is asked. `try`: it is asked and waited for again now and then; for the question that a
 * request begins with, so that one request waits once, however long it lasts. `send`: it is asked without waiting, so that Redis catches up if it was only slow.
 */
export type WhileAway = "skip" | "try" | "send";

/** Asks Redis and waits no longer than the bound; not at all while it is known to be away. */
export async function bounded(
  reachability: Reachability,
  ask: () => Promise<unknown>,
  whileAway: WhileAway = "skip",
): Promise<Bounded> {
  if (!reachability.isAway() || (whileAway === "try" && reachability.isWorthTrying())) {
    const answer = await inTime(reachability, ask);
    if (answer instanceof Error) reachability.markAway(answer);
    else reachability.markBack();
    return answer instanceof Error ? { type: "away" } : answer;
  }
  if (whileAway === "send")
    void inTime(reachability, ask).then((answer) => answer instanceof Error || reachability.markBack());
  return { type: "away" };
}

/** @returns the answer, or why there is none */
async function inTime(
  { boundMs }: Reachability,
  ask: () => Promise<unknown>,
): Promise<Exclude<Bounded, { type: "away" }> | Error> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Error>((resolve) => {
    const end = () => resolve(new Error(`Redis did not answer within ${boundMs} ms`));
    // After a busy stretch of this process the answer may lie unread: one turn of the event loop lets it in first.
    timer = setTimeout(() => setImmediate(() => setImmediate(end)), boundMs);
  });
  try {
    const asked = ask().then((value) => ({ type: "answered", value }) as const);
    asked.catch(() => undefined);
    return await Promise.race([asked, late]);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    clearTimeout(timer);
  }
}

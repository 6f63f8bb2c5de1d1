/** The user's wish to end, by Ctrl-C or SIGTERM. */
export interface Stop {
  /** Fires at the first signal. */
  readonly signal: AbortSignal;
  /** Settles at the first signal. */
  readonly requested: Promise<void>;
}

/** Listens for SIGINT and SIGTERM: the first one asks to end in order, the second one ends the process at once with code 130. */
export function listenForStop(events: Pick<NodeJS.Process, "on"> = process): Stop {
  const controller = new AbortController();
  const { signal } = controller;
  const onSignal = () => {
    if (signal.aborted) process.exit(130);
    controller.abort();
  };
  events.on("SIGINT", onSignal);
  events.on("SIGTERM", onSignal);
  return { signal, requested: new Promise((done) => signal.addEventListener("abort", () => done(), { once: true })) };
}

/** Time as the simulator needs it. A parameter, so that a test can walk through an outage script without waiting. */
export interface SimulatorClock {
  /** Epoch milliseconds. */
  now(): number;
  /** Runs `act` once, `ms` from now. @returns call it to give up the appointment. */
  after(ms: number, act: () => void): () => void;
}

/** The machine's clock. Its appointments never keep a process alive. */
export const systemClock: SimulatorClock = {
  now: () => Date.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

import { onTestFinished, vi } from "vitest";

/** Timers that stand still: whoever waits for one waits for ever, unless it is let pass. */
export interface StandingTimers {
  /** What `work` comes to, which must wait for a timer, once. @param ms how long that timer is, at most */
  afterOneWait<T>(work: () => Promise<T>, ms: number): Promise<T>;
  /** Those that begin from now on end as usual. */
  goOn(): void;
}

/** Lets the timers of the test's process stand still until the test ends. Sockets and clocks go on. */
export function standingTimers(): StandingTimers {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const goOn = () => void vi.useRealTimers();
  onTestFinished(goOn);
  return {
    goOn,
    async afterOneWait(work, ms) {
      vi.clearAllTimers();
      const working = work();
      while (vi.getTimerCount() === 0) await new Promise((turned) => setImmediate(turned));
      vi.advanceTimersByTime(ms);
      return working;
    },
  };
}

import type { SimulatorClock } from "../../../src/simulator/index.ts";

/** A clock that a test moves by hand. */
export interface ManualClock extends SimulatorClock {
  /** Goes on by so many milliseconds and keeps the appointments on the way, in order. */
  advance(ms: number): void;
}

export function manualClock(start = 1_000_000): ManualClock {
  let now = start;
  let appointments: { readonly at: number; readonly act: () => void }[] = [];
  return {
    now: () => now,
    after(ms, act) {
      const appointment = { at: now + ms, act };
      appointments.push(appointment);
      return () => {
        appointments = appointments.filter((other) => other !== appointment);
      };
    },
    advance(ms) {
      const until = now + ms;
      for (;;) {
        const [next] = appointments.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
        if (!next) break;
        appointments = appointments.filter((other) => other !== next);
        now = next.at;
        next.act();
      }
      now = until;
    },
  };
}

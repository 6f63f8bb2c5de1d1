/**
 * The places of a worker's job at which a crash is most telling. In order of a step's life:
 * the attempt is begun, its handler has answered, the outcome is delivered (but perhaps not folded), the transition is committed
 * (its jobs not yet added), its jobs are added (this job not yet finished). Where one script does all of that (see handovers.ts), the last three are one place.
 */
export const crashPoints = ["after-begin", "after-reply", "after-deliver", "after-commit", "after-dispatch"] as const;

/**
 * Those of a step that waits: it has taken a signal (and not yet said what comes of it), it has started a child run (and not yet parked), it is parked (the job in
 * which it goes on by itself not yet added).
 */
export const waitingCrashPoints = ["after-take", "after-child", "after-park"] as const;

/** That of a plan's execution: it is claimed, and has no run yet. */
export const planCrashPoints = ["after-claim"] as const;

/** One of {@link crashPoints}, {@link waitingCrashPoints} or {@link planCrashPoints}. */
export type CrashPoint =
  | (typeof crashPoints)[number]
  | (typeof waitingCrashPoints)[number]
  | (typeof planCrashPoints)[number];

/** Told of each crash point that is passed. */
export type CrashHook = (point: CrashPoint, actor: string) => void;

/**
 * Reads `SWITCHYARD_CRASH_AT` (`after-commit:classify`: point and step, for rehearsals of a crash) into a hook that kills this process with
 * SIGKILL, as a power cut would. Unset: a hook that does nothing.
 */
export function crashHook(setting: string | undefined): CrashHook {
  if (!setting) return () => undefined;
  const [at, step] = setting.split(":");
  return (point, actor) => {
    if (point === at && (step === undefined || step === actor)) process.kill(process.pid, "SIGKILL");
  };
}

import { createHealthLog } from "./health-log.ts";
import { createOutageWatch } from "./outage-watch.ts";
import type { Observer } from "./replay-context.ts";
import type { ReplayReport } from "./report.ts";
import { type Scenario, scenarioStart } from "./scenario.ts";
import { createTally } from "./tally.ts";
import { createTimeline } from "./timeline.ts";
import type { OnHealth } from "./virtual-fleet.ts";

/** Everything that watches a replay, as one. */
export interface Recorder {
  /** A request has come. */
  arrived(): void;
  readonly observer: Observer;
  readonly onHealth: OnHealth;
  /** What has been seen. */
  report(): Omit<ReplayReport, "seed" | "durationMs" | "strategy" | "changes" | "notes">;
}

/** @param clock epoch milliseconds */
export function createRecorder({ providers, durationMs }: Scenario, clock: () => number): Recorder {
  const names = providers.map(({ name }) => name);
  const tally = createTally(names);
  const timeline = createTimeline(durationMs, names);
  const health = createHealthLog(scenarioStart);
  const outages = createOutageWatch(providers, durationMs, scenarioStart);
  const elapsed = () => clock() - scenarioStart;
  return {
    arrived() {
      tally.arrived();
      timeline.arrived(elapsed());
    },
    observer: {
      called(provider, isProbe) {
        tally.called(provider, isProbe);
        outages.called(provider, isProbe, elapsed());
      },
      callEnded(call) {
        tally.callEnded(call);
        timeline.callEnded(call, elapsed());
        outages.callEnded(call, elapsed());
      },
      ended(arrivedAt, ending) {
        const latencyMs = clock() - arrivedAt;
        tally.ended(ending, latencyMs);
        timeline.ended(ending, latencyMs, elapsed());
      },
    },
    onHealth(provider, before, after) {
      health.moved(provider, before, after, elapsed());
      outages.moved(provider, before, after, elapsed());
      if (after.state === "open" && before.state !== "open") tally.opened(provider);
    },
    report: () => ({
      requests: tally.requests(),
      calls: tally.calls(),
      providers: tally.providers(),
      outages: outages.report(),
      timeline: timeline.report(),
      breakers: health.breakers(),
      limited: health.limited(),
    }),
  };
}

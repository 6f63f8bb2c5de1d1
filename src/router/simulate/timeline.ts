import { createSample, type Sample } from "./percentile.ts";
import type { EndedCall, Ending } from "./replay-context.ts";
import type { Timeline } from "./report.ts";

/** Gathers the replay's course. Times are milliseconds from its beginning. */
export interface TimelineLog {
  arrived(atMs: number): void;
  callEnded(call: EndedCall, atMs: number): void;
  ended(ending: Ending, latencyMs: number, atMs: number): void;
  report(): Timeline;
}

interface Slice {
  arrived: number;
  lost: number;
  readonly served: number[];
  readonly calls: number[];
  readonly failedCalls: number[];
  readonly latency: Sample;
}

const mostSlices = 120;

/** Lengths that people can read off an axis, in seconds. */
const lengths = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

/** @param names of the providers, in the order of the report */
export function createTimeline(durationMs: number, names: readonly string[]): TimelineLog {
  const longest = lengths.at(-1) ?? 1;
  const seconds = lengths.find((length) => durationMs / (length * 1_000) <= mostSlices) ?? longest;
  const sliceMs = seconds * 1_000;
  const place = new Map(names.map((name, index) => [name, index]));
  const zeros = () => names.map(() => 0);
  const slices = Array.from({ length: Math.ceil(durationMs / sliceMs) }, (): Slice => {
    return { arrived: 0, lost: 0, served: zeros(), calls: zeros(), failedCalls: zeros(), latency: createSample() };
  });
  const at = (ms: number) => (ms < durationMs ? slices[Math.floor(ms / sliceMs)] : undefined);
  const count = (counts: number[], provider: string) => {
    const index = place.get(provider);
    if (index !== undefined) counts[index] = (counts[index] ?? 0) + 1;
  };
  return {
    arrived(ms) {
      const slice = at(ms);
      if (slice) slice.arrived++;
    },
    callEnded({ provider, failure }, ms) {
      const slice = at(ms);
      if (!slice) return;
      count(slice.calls, provider);
      if (failure !== null && failure !== "cancelled") count(slice.failedCalls, provider);
    },
    ended(ending, latencyMs, ms) {
      const slice = at(ms);
      if (!slice) return;
      if (ending.type !== "answered") {
        slice.lost++;
        return;
      }
      count(slice.served, ending.provider);
      slice.latency.add(latencyMs);
    },
    report: () => ({
      sliceMs,
      slices: slices.map(({ latency, ...slice }, index) => ({
        fromMs: index * sliceMs,
        ...slice,
        latency: latency.report(),
      })),
    }),
  };
}

import type { LatencyReport } from "./report.ts";

/** Milliseconds as they come, kept whole for exact percentiles. */
export interface Sample {
  add(ms: number): void;
  report(): LatencyReport;
}

/** An empty sample. */
export function createSample(): Sample {
  let values = new Float64Array(64);
  let count = 0;
  return {
    add(ms) {
      if (count === values.length) {
        const larger = new Float64Array(count * 2);
        larger.set(values);
        values = larger;
      }
      values[count++] = ms;
    },
    report() {
      const sorted = values.slice(0, count).sort();
      const at = (share: number) => sorted[Math.max(0, Math.ceil(share * count) - 1)] ?? null;
      return { p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99) };
    },
  };
}

import type { Chance } from "./chance.ts";
import type { RatePoint } from "./scenario.ts";

/** A stretch of the rate's line. */
interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  /** Requests a millisecond at its beginning and at its end. */
  readonly from: number;
  readonly to: number;
}

/**
 * When requests come: a Poisson process whose rate follows the points.
 * @returns the next one's time at each call, milliseconds, never less than the one before; undefined: none comes any more
 */
export function arrivals(rate: readonly RatePoint[], durationMs: number, chance: Chance): () => number | undefined {
  const stretches = stretchesOf(rate, durationMs);
  let index = 0;
  let at = 0;
  return () => {
    // How much of the rate's integral passes until the next request.
    let left = -Math.log(1 - chance());
    for (;;) {
      const stretch = stretches[index];
      if (!stretch) return undefined;
      const passed = at - stretch.fromMs;
      const slope = (stretch.to - stretch.from) / (stretch.toMs - stretch.fromMs);
      const here = stretch.from + slope * passed;
      const restMs = stretch.toMs - at;
      const rest = ((here + stretch.to) / 2) * restMs;
      if (left < rest) {
        at = Math.min(stretch.toMs, at + timeFor(left, here, slope));
        return Math.floor(at);
      }
      left -= rest;
      at = stretch.toMs;
      index++;
    }
  };
}

/** How long a line that begins at `rate` takes to enclose an area. */
function timeFor(area: number, rate: number, slope: number): number {
  if (Math.abs(slope) < 1e-15) return area / rate;
  // The stable form of the quadratic formula: no difference of nearly equal numbers.
  return (2 * area) / (rate + Math.sqrt(Math.max(0, rate * rate + 2 * slope * area)));
}

function stretchesOf(rate: readonly RatePoint[], durationMs: number): readonly Stretch[] {
  const first = rate[0];
  const last = rate.at(-1);
  if (!first || !last) return [];
  const points = [{ ...first, atMs: 0 }, ...rate, { ...last, atMs: Math.max(durationMs, last.atMs) }];
  return points.flatMap((point, i) => {
    const end = points[i + 1];
    if (!end || end.atMs <= point.atMs || point.atMs >= durationMs) return [];
    const toMs = Math.min(end.atMs, durationMs);
    const [from, to] = [point.perSecond / 1_000, end.perSecond / 1_000];
    const cut = from + ((to - from) * (toMs - point.atMs)) / (end.atMs - point.atMs);
    return [{ fromMs: point.atMs, toMs, from, to: cut }];
  });
}

import type { ReplayReport } from "../../../router/simulate/report.ts";
import { type Frame, faint, ink } from "./panel.ts";
import { element, label, type Svg } from "./svg.ts";

/** What a provider's strip shows, and its colour. */
const stripColours = {
  closed: "#dcfce7",
  ramping: "#86efac",
  "half open": "#fbbf24",
  open: "#ef4444",
  "rate limited": "#a78bfa",
} as const;

/** A stretch of a strip. */
interface Stretch {
  readonly state: keyof typeof stripColours;
  readonly fromMs: number;
  readonly toMs: number;
}

const stripHeight = 14;
const stripGap = 6;

/** Height of all strips. */
export function stripsHeight({ providers }: ReplayReport): number {
  return providers.length * (stripHeight + stripGap);
}

/** One strip a provider: how its breaker stood, and when it was left alone for a rate limit. @param rampMs time in which a share grows */
export function strips(report: ReplayReport, top: number, rampMs: number, { left, right, x }: Frame): Svg {
  const end = x.domain()[1] ?? 0;
  const rows = report.providers.map(({ name }, index) => {
    const y = top + index * (stripHeight + stripGap);
    const bars = stretchesOf(name, report, rampMs)
      .filter(({ fromMs }) => fromMs < end)
      .map(({ state, fromMs, toMs }) => {
        const width = Math.max(1, x(Math.min(toMs, end)) - x(fromMs));
        return element("rect", { x: x(fromMs), y, width, height: stripHeight, fill: stripColours[state] });
      });
    return element(
      "g",
      {},
      element("rect", { x: left, y, width: right - left, height: stripHeight, fill: stripColours.closed }),
      ...bars,
      label(left - 8, y + stripHeight - 3, name, { "text-anchor": "end", fill: faint }),
    );
  });
  const title = label(left, top - 8, "Breakers", { fill: ink, "font-weight": 600 });
  return element("g", {}, title, ...legend(left + 80, top - 18), ...rows);
}

/** What the colours mean, on one line. */
function legend(from: number, y: number): readonly Svg[] {
  return Object.entries(stripColours).flatMap(([state, colour], i) => [
    element("rect", { x: from + i * 100, y, width: 11, height: 11, fill: colour }),
    label(from + i * 100 + 17, y + 10, state, { fill: ink }),
  ]);
}

function stretchesOf(name: string, { breakers, limited }: ReplayReport, rampMs: number): readonly Stretch[] {
  const own = breakers.filter(({ provider }) => provider === name);
  const states = own.map(({ state, atMs }, i): Stretch => {
    const next = own[i + 1]?.atMs ?? Number.POSITIVE_INFINITY;
    if (state === "closed") return { state: "ramping", fromMs: atMs, toMs: Math.min(next, atMs + rampMs) };
    return { state: state === "open" ? "open" : "half open", fromMs: atMs, toMs: next };
  });
  const waits = limited
    .filter(({ provider }) => provider === name)
    .map(({ fromMs, toMs }): Stretch => ({ state: "rate limited", fromMs, toMs }));
  return [...states, ...waits];
}

import { type ScaleLinear, scaleLinear } from "d3-scale";
import { element, label, type Svg } from "./svg.ts";

/** A part of the picture with an axis of its own, under the common axis of time. */
export interface Panel {
  readonly top: number;
  readonly height: number;
  readonly title: string;
  /** From the axis's values to heights in the picture. */
  readonly y: ScaleLinear<number, number>;
  /** A value of the axis in words. */
  readonly unit: (value: number) => string;
}

/** Where the panels lie: milliseconds to the picture's width. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly x: ScaleLinear<number, number>;
}

export const ink = "#334155";
export const faint = "#94a3b8";
const gridColour = "#e2e8f0";

/** @param most the largest value that is to fit in; 0 becomes 1 */
export function createPanel(panel: Omit<Panel, "y">, most: number): Panel {
  const { top, height } = panel;
  const y = scaleLinear([0, most > 0 ? most * 1.05 : 1], [top + height, top]).nice(4);
  return { ...panel, y };
}

/** Title, lines and values of a panel. */
export function panelGrid({ top, title, y, unit }: Panel, { left, right }: Frame): Svg {
  const lines = y
    .ticks(4)
    .flatMap((value) => [
      element("line", { x1: left, x2: right, y1: y(value), y2: y(value), stroke: gridColour }),
      label(left - 8, y(value) + 4, unit(value), { "text-anchor": "end", fill: faint }),
    ]);
  return element("g", {}, ...lines, label(left, top - 8, title, { fill: ink, "font-weight": 600 }));
}

const units = [
  { ms: 3_600_000, name: "h" },
  { ms: 60_000, name: "min" },
  { ms: 1_000, name: "s" },
];

/** The axis of time below all panels. */
export function timeAxis({ left, right, x }: Frame, bottom: number): Svg {
  const durationMs = x.domain()[1] ?? 0;
  const unit = units.find(({ ms }) => durationMs >= 3 * ms) ?? { ms: 1_000, name: "s" };
  const inUnits = scaleLinear([0, durationMs / unit.ms], [left, right]);
  const ticks = inUnits
    .ticks(12)
    .flatMap((value) => [
      element("line", { x1: inUnits(value), x2: inUnits(value), y1: bottom, y2: bottom + 5, stroke: faint }),
      label(inUnits(value), bottom + 18, `${value} ${unit.name}`, { "text-anchor": "middle", fill: faint }),
    ]);
  return element("g", {}, element("line", { x1: left, x2: right, y1: bottom, y2: bottom, stroke: faint }), ...ticks);
}

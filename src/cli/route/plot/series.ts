import { area, curveStepAfter, line, stack } from "d3-shape";
import type { Frame, Panel } from "./panel.ts";
import { element, type Svg } from "./svg.ts";

/** Values by slice. Null: there is none, the line is broken. */
export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly values: readonly (number | null)[];
  /** Drawn in dashes. */
  readonly isDashed?: boolean;
}

/** A line in steps, one a slice. @param sliceMs length of a slice */
export function stepLine({ colour, values, isDashed }: Series, sliceMs: number, { y }: Panel, { x }: Frame): Svg {
  const draw = line<number | null>()
    .defined((value) => value !== null)
    .x((_value, index) => xAt(index, sliceMs, x))
    .y((value) => y(value ?? 0))
    .curve(curveStepAfter);
  const path = draw(toEnd(values)) ?? "";
  const dashes = isDashed ? "4 3" : null;
  return element("path", {
    d: rounded(path),
    fill: "none",
    stroke: colour,
    "stroke-width": 1.5,
    "stroke-dasharray": dashes,
  });
}

/** Areas on top of each other, the first one at the bottom. */
export function stackedAreas(series: readonly Series[], sliceMs: number, { y }: Panel, { x }: Frame): Svg {
  const rows = toEnd((series[0]?.values ?? []).map((_value, index) => series.map(({ values }) => values[index] ?? 0)));
  const layers = stack<unknown, readonly number[], number>()
    .keys(series.keys())
    .value((row, key) => row[key] ?? 0)(rows);
  const draw = area<(typeof layers)[number][number]>()
    .x((_point, index) => xAt(index, sliceMs, x))
    .y0(([from]) => y(from))
    .y1(([, to]) => y(to))
    .curve(curveStepAfter);
  const paths = layers.map((layer, i) =>
    element("path", { d: rounded(draw(layer) ?? ""), fill: series[i]?.colour ?? "none", "fill-opacity": 0.85 }),
  );
  return element("g", {}, ...paths);
}

/** The last slice has an end as well. */
function toEnd<T>(values: readonly T[]): T[] {
  return [...values, ...values.slice(-1)];
}

function xAt(index: number, sliceMs: number, x: Frame["x"]): number {
  const end = x.domain()[1] ?? 0;
  return x(Math.min(index * sliceMs, end));
}

/** Tenths of a pixel are fine enough, and small. */
function rounded(path: string): string {
  return path.replace(/-?\d+\.\d{2,}/g, (number) => String(Math.round(Number(number) * 10) / 10));
}

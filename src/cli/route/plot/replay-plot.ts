import { scaleLinear } from "d3-scale";
import { formatDuration } from "../../../core/duration.ts";
import { rules } from "../../../router/rules.ts";
import type { ReplayReport, TimeSlice } from "../../../router/simulate/report.ts";
import { createPanel, type Frame, faint, ink, type Panel, panelGrid, timeAxis } from "./panel.ts";
import { type Series, stackedAreas, stepLine } from "./series.ts";
import { strips, stripsHeight } from "./strips.ts";
import { element, label, type Svg, words } from "./svg.ts";

const width = 1_200;
const left = 90;
const right = width - 170;
const gap = 52;

/** Tableau's ten colours, told apart by most eyes. */
const colours = [
  "#4e79a7",
  "#f28e2b",
  "#59a14f",
  "#b07aa1",
  "#76b7b2",
  "#edc948",
  "#ff9da7",
  "#9c755f",
  "#e15759",
  "#bab0ac",
];

/** A replay's course as an SVG picture: who answered how much, how fast, what failed, how the breakers stood; outages are shaded. */
export function replayPlot(report: ReplayReport, file: string): string {
  const { durationMs, timeline, providers } = report;
  const frame: Frame = { left, right, x: scaleLinear([0, durationMs], [left, right]) };
  const marks = marksOf(report);
  const top = 84 + (1 + Math.max(-1, ...marks.map(({ row }) => row))) * 14;
  const perSecond = (index: number, value: number) => value / (sliceLength(index, report) / 1_000);
  const over = (pick: (slice: TimeSlice, index: number) => number | null) => timeline.slices.map(pick);

  const served = providers.map(({ name }, i): Series => {
    return { name, colour: colourOf(i), values: over((slice, n) => perSecond(n, slice.served[i] ?? 0)) };
  });
  const arrived: Series = {
    name: "arrived",
    colour: ink,
    isDashed: true,
    values: over(({ arrived: all }, n) => perSecond(n, all)),
  };
  const latencies: Series[] = [
    { name: "p99", colour: "#e15759", values: over(({ latency }) => seconds(latency.p99Ms)) },
    { name: "p50", colour: "#4e79a7", values: over(({ latency }) => seconds(latency.p50Ms)) },
  ];
  const errors: Series[] = [
    {
      name: "failed calls",
      colour: "#f28e2b",
      values: over(({ calls, failedCalls }) => percent(sum(failedCalls), sum(calls))),
    },
    {
      name: "lost requests",
      colour: "#e15759",
      values: over((slice) => percent(slice.lost, slice.lost + sum(slice.served))),
    },
  ];
  const total = timeline.slices.map((slice, n) => perSecond(n, Math.max(slice.arrived, sum(slice.served))));

  const panel = (from: number, height: number, title: string, unit: Panel["unit"], most: number) =>
    createPanel({ top: from, height, title, unit }, most);
  const requests = panel(top, 220, "Requests answered a second", (value) => String(value), Math.max(0, ...total));
  const latency = panel(
    top + 220 + gap,
    150,
    "Latency of answered requests",
    (value) => `${value} s`,
    mostOf(latencies),
  );
  const failures = panel(top + 370 + 2 * gap, 120, "Failed", (value) => `${value} %`, mostOf(errors));
  const stripsTop = top + 490 + 3 * gap;
  const bottom = stripsTop + stripsHeight(report);

  return picture(bottom + 40, [
    ...heading(report, file),
    ...marks.map((mark) => drawMark(mark, bottom, frame)),
    ...[requests, latency, failures].map((one) => panelGrid(one, frame)),
    stackedAreas(served, timeline.sliceMs, requests, frame),
    stepLine(arrived, timeline.sliceMs, requests, frame),
    ...latencies.map((series) => stepLine(series, timeline.sliceMs, latency, frame)),
    ...errors.map((series) => stepLine(series, timeline.sliceMs, failures, frame)),
    strips(report, stripsTop, rules.rampMs, frame),
    legend(requests.top, [...served].reverse().concat(arrived)),
    legend(latency.top, latencies),
    legend(failures.top, errors),
    timeAxis(frame, bottom),
  ]);
}

function picture(height: number, content: readonly Svg[]): string {
  const font = "12px system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', sans-serif";
  const size = { width, height, viewBox: `0 0 ${width} ${height}` };
  return `${element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", ...size, style: `font: ${font}` },
    element("rect", { width, height, fill: "#ffffff" }),
    ...content,
  )}\n`;
}

function heading({ requests, strategy, seed, durationMs }: ReplayReport, file: string): readonly Svg[] {
  const share =
    requests.successShare === null ? "no requests" : `${Number((requests.successShare * 100).toFixed(3))} % answered`;
  const p99 = requests.latency.p99Ms === null ? "" : `, p99 ${formatDuration(requests.latency.p99Ms)}`;
  const told = `${requests.total.toLocaleString("en-US")} requests in ${formatDuration(durationMs)}, ${strategy}, seed ${seed}: ${share}${p99}, $${requests.costUsd.toFixed(2)}`;
  return [
    element("title", {}, words(`Replay of ${file}`)),
    label(left, 28, file, { fill: ink, "font-size": 18, "font-weight": 600 }),
    label(left, 48, told, { fill: ink }),
  ];
}

/** An outage or a change, with the row that its words stand in. */
interface Mark {
  readonly fromMs: number;
  /** Null: a moment. */
  readonly toMs: number | null;
  readonly text: string;
  readonly row: number;
}

/** Each mark's words stand in the first row where they run into no others. */
function marksOf({ outages, changes, durationMs }: ReplayReport): readonly Mark[] {
  const all = [
    ...outages.map(({ provider, effect, fromMs, toMs }) => ({
      fromMs,
      toMs: Math.min(toMs, durationMs),
      text: `${provider} ${effect}`,
    })),
    ...changes.map(({ atMs, note }) => ({ fromMs: atMs, toMs: null, text: shortened(note) })),
  ].sort((a, b) => a.fromMs - b.fromMs);
  const ends: number[] = [];
  return all.map((mark) => {
    const start = ((right - left) * mark.fromMs) / durationMs;
    const free = ends.findIndex((end) => end < start);
    const row = free < 0 ? ends.length : free;
    ends[row] = start + mark.text.length * 6.5 + 12;
    return { ...mark, row };
  });
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

function drawMark({ fromMs, toMs, text, row }: Mark, bottom: number, { x }: Frame): Svg {
  const from = x(fromMs);
  const y = 66 + row * 14;
  const shape =
    toMs === null
      ? element("line", { x1: from, x2: from, y1: y + 4, y2: bottom, stroke: faint, "stroke-dasharray": "2 3" })
      : element("rect", {
          x: from,
          y: y + 4,
          width: Math.max(1, x(toMs) - from),
          height: bottom - y - 4,
          fill: "#fecaca",
          "fill-opacity": 0.35,
        });
  return element("g", {}, shape, label(from + 2, y, text, { fill: toMs === null ? ink : "#b91c1c", "font-size": 11 }));
}

function legend(top: number, entries: readonly Pick<Series, "name" | "colour">[]): Svg {
  const rows = entries.flatMap(({ name, colour }, i) => [
    element("rect", { x: right + 18, y: top + i * 17, width: 11, height: 11, fill: colour }),
    label(right + 35, top + i * 17 + 10, name, { fill: ink }),
  ]);
  return element("g", {}, ...rows);
}

function colourOf(index: number): string {
  return colours[index % colours.length] ?? ink;
}

/** The last slice may be shorter than the others. */
function sliceLength(index: number, { timeline, durationMs }: ReplayReport): number {
  return Math.min(timeline.sliceMs, durationMs - index * timeline.sliceMs);
}

function mostOf(series: readonly Series[]): number {
  return Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000;
}

function percent(part: number, whole: number): number | null {
  return whole === 0 ? null : (100 * part) / whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

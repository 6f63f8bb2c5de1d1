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
const [requestsHeight, latencyHeight, failedHeight] = [220, 150, 120];

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
  const frame: Frame = { left, right, x: scaleLinear([0, report.durationMs], [left, right]) };
  const marks = marksOf(report);
  const top = 84 + (1 + Math.max(-1, ...marks.map(({ row }) => row))) * 14;
  const stripsTop = top + requestsHeight + latencyHeight + failedHeight + 3 * gap;
  const bottom = stripsTop + stripsHeight(report);
  return picture(bottom + 40, [
    ...heading(report, file),
    ...marks.map((mark) => drawMark(mark, bottom, frame)),
    requestsPanel(report, top, frame),
    latencyPanel(report, top + requestsHeight + gap, frame),
    failedPanel(report, top + requestsHeight + latencyHeight + 2 * gap, frame),
    strips(report, stripsTop, rules.rampMs, frame),
    timeAxis(frame, bottom),
  ]);
}

function requestsPanel(report: ReplayReport, top: number, frame: Frame): Svg {
  const { slices, sliceMs } = report.timeline;
  const perSecond = (pick: (slice: TimeSlice) => number) =>
    slices.map((slice) => pick(slice) / (Math.min(sliceMs, report.durationMs - slice.fromMs) / 1_000));
  const served = report.providers.map(({ name }, i): Series => {
    return { name, colour: colours[i % colours.length] ?? ink, values: perSecond((slice) => slice.served[i] ?? 0) };
  });
  const arrived: Series = { name: "arrived", colour: ink, isDashed: true, values: perSecond((slice) => slice.arrived) };
  const most = Math.max(0, ...perSecond((slice) => Math.max(slice.arrived, sum(slice.served))));
  const title = "Requests answered a second";
  const panel = createPanel({ top, height: requestsHeight, title, unit: (value) => String(value) }, most);
  const drawn = [stackedAreas(served, sliceMs, panel, frame), stepLine(arrived, sliceMs, panel, frame)];
  return element("g", {}, panelGrid(panel, frame), ...drawn, legend(top, [...served].reverse().concat(arrived)));
}

function latencyPanel({ timeline }: ReplayReport, top: number, frame: Frame): Svg {
  const { slices, sliceMs } = timeline;
  const seconds = (ms: number | null) => (ms === null ? null : ms / 1_000);
  const lines: Series[] = [
    { name: "p99", colour: "#e15759", values: slices.map(({ latency }) => seconds(latency.p99Ms)) },
    { name: "p50", colour: "#4e79a7", values: slices.map(({ latency }) => seconds(latency.p50Ms)) },
  ];
  const panel = {
    top,
    height: latencyHeight,
    title: "Latency of answered requests",
    unit: (value: number) => `${value} s`,
  };
  return linesPanel(createPanel(panel, mostOf(lines)), lines, sliceMs, frame);
}

function failedPanel({ timeline }: ReplayReport, top: number, frame: Frame): Svg {
  const { slices, sliceMs } = timeline;
  const calls = slices.map((slice) => percent(sum(slice.failedCalls), sum(slice.calls)));
  const lost = slices.map((slice) => percent(slice.lost, slice.lost + sum(slice.served)));
  const lines: Series[] = [
    { name: "failed calls", colour: "#f28e2b", values: calls },
    { name: "lost requests", colour: "#e15759", values: lost },
  ];
  const panel = { top, height: failedHeight, title: "Failed", unit: (value: number) => `${value} %` };
  return linesPanel(createPanel(panel, mostOf(lines)), lines, sliceMs, frame);
}

function linesPanel(panel: Panel, lines: readonly Series[], sliceMs: number, frame: Frame): Svg {
  const drawn = lines.map((series) => stepLine(series, sliceMs, panel, frame));
  return element("g", {}, panelGrid(panel, frame), ...drawn, legend(panel.top, lines));
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

function mostOf(series: readonly Series[]): number {
  return Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
}

function percent(part: number, whole: number): number | null {
  return whole === 0 ? null : (100 * part) / whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

import { formatDuration } from "../../core/duration.ts";
import type {
  CallsReport,
  LatencyReport,
  OutageReport,
  ProviderReport,
  ReplayReport,
} from "../../router/simulate/report.ts";
import type { Paint } from "../output.ts";
import { headedTable, table } from "../table.ts";
import { formatUsd } from "../watch/words.ts";

/** A replay's report for people, within 80 columns where names are not long. */
export function replayLines(report: ReplayReport, file: string, paint: Paint): string[] {
  const { durationMs, strategy, seed, notes } = report;
  const parts = [
    summary(report, paint),
    section(
      ["provider", "answered", "share", "calls", "failed", "p50", "p99", "cost"],
      report.providers.map(providerCells),
      paint,
    ),
    section(["failed calls", "by class"], report.providers.flatMap(failureRows), paint),
    section(
      ["outage", "from-to", "out after", "lost", "back after", "full share"],
      report.outages.map(outageCells),
      paint,
    ),
    section(
      ["change", "at"],
      report.changes.map(({ atMs, note }) => [note, clock(atMs)]),
      paint,
    ),
    notes.map((note) => paint.yellow(`note: ${note}`)),
  ];
  const head = paint.bold(`${file}: ${formatDuration(durationMs)}, ${strategy}, seed ${seed}`);
  return [
    head,
    ...parts.filter((lines) => lines.length > 0).flatMap((lines) => ["", ...lines.map((line) => `  ${line}`)]),
  ];
}

function summary({ requests, calls }: ReplayReport, paint: Paint): string[] {
  const { total, answered, failed, rejected, unavailable, latency, costUsd } = requests;
  const isPerfect = answered === total;
  const success = percent(requests.successShare);
  return table([
    [
      "requests",
      count(total),
      "answered",
      isPerfect ? paint.green(success) : paint.red(success),
      "p50",
      ms(latency.p50Ms),
    ],
    ["calls", count(calls.total), "failed", count(failed), "p90", ms(latency.p90Ms)],
    ["probes", count(calls.probes), "unavailable", count(unavailable), "p99", ms(latency.p99Ms)],
    ["hedges", count(calls.hedges), "rejected", count(rejected), "cost", costCell(costUsd, calls)],
  ]);
}

function section(heads: readonly string[], rows: readonly (readonly string[])[], paint: Paint): string[] {
  return rows.length === 0 ? [] : headedTable(heads, rows, paint);
}

function providerCells(provider: ProviderReport): string[] {
  const { name, served, servedShare, total, answered, latency, costUsd } = provider;
  return [
    name,
    count(served),
    percent(servedShare),
    count(total),
    count(total - answered),
    ms(latency.p50Ms),
    ms(latency.p99Ms),
    costCell(costUsd, provider),
  ];
}

/** Classes that stand on one line. */
const classesInRow = 4;

function failureRows({ name, failed }: ProviderReport): string[][] {
  const words = Object.entries(failed).map(([failure, times]) => `${failure} ${count(times)}`);
  const rows: string[][] = [];
  for (let i = 0; i < words.length; i += classesInRow) {
    rows.push([i === 0 ? name : "", words.slice(i, i + classesInRow).join(", ")]);
  }
  return rows;
}

function outageCells(outage: OutageReport): string[] {
  const { provider, effect, share, fromMs, toMs, outAfterMs, failedBeforeOut, backAfterMs, fullShareAfterMs } = outage;
  const isNeverOut = outAfterMs === null;
  return [
    `${provider} ${effect}${share < 1 ? ` ${Number((100 * share).toFixed(1))} %` : ""}`,
    `${clock(fromMs)}-${clock(toMs)}`,
    isNeverOut ? "never" : span(outAfterMs),
    count(failedBeforeOut),
    isNeverOut ? "-" : back(backAfterMs),
    isNeverOut ? "-" : back(fullShareAfterMs),
  ];
}

function back(afterMs: number | null): string {
  if (afterMs === null) return "not yet";
  return afterMs === 0 ? "before" : span(afterMs);
}

function costCell(costUsd: number, { answered, unpriced }: CallsReport): string {
  if (answered > 0 && unpriced === answered) return "unknown";
  return `${formatUsd(costUsd)}${unpriced > 0 ? "+" : ""}`;
}

function ms(value: LatencyReport["p50Ms"]): string {
  return value === null ? "-" : formatDuration(value);
}

/** Shorter than {@link formatDuration}: `340 ms`, `30 s`, `2:05`. */
function span(value: number): string {
  if (value < 1_000) return `${Math.round(value)} ms`;
  return value < 120_000 ? `${Math.round(value / 1_000)} s` : clock(value);
}

/** `5:00`, `1:05:00`. */
function clock(value: number): string {
  const seconds = Math.round(value / 1_000);
  const two = (part: number) => String(part).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** Never rounded up to 100 %: one lost request of a million shows. */
function percent(share: number | null): string {
  if (share === null) return "-";
  const text = (Math.floor(share * 100_000) / 1_000).toFixed(share > 0.99 && share < 1 ? 3 : 1);
  return `${text} %`;
}

import stringWidth from "string-width";
import { formatDuration } from "../../core/duration.ts";
import type { ErrorRecord } from "../../core/errors.ts";
import { totalTokens } from "../../core/history.ts";
import { isTerminal, type RunStatus, type StepRecord, type StepStatus } from "../../core/run.ts";
import type { Paint } from "../output.ts";
import { table } from "../table.ts";
import type { RunView, StepRow } from "./run-view.ts";
import { shownTail, type Tails } from "./tail.ts";
import { failoverLines, formatSpan, formatUsd, setbackWords, stepSigns } from "./words.ts";

const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/**
 * The whole run as lines: its head, a line a step, their sum, the failovers. Pure.
 * @param now epoch milliseconds @param width columns; notes are cut there @param tails what running steps are writing
 */
export function frame(
  view: RunView,
  now: number,
  paint: Paint,
  width = Number.POSITIVE_INFINITY,
  tails: Tails = new Map(),
): string[] {
  const { runId, workflow, version, status, createdAt, finishedAt } = view;
  const head = [`${paint.bold(workflow)} v${version}`, paint.dim(runId), colored(status, paint)];
  const lines = [[...head, formatSpan(createdAt, finishedAt, now)].filter(Boolean).join("  "), ""];
  lines.push(...stepTable(view, now, paint, width, tails));
  if (view.failovers.length > 0) lines.push("", ...failoverLines(view.failovers).map((line) => paint.yellow(line)));
  return lines;
}

/** Steps as a table: sign, name, who served, attempts where one has more than one, calls with the failed ones, tokens, cost, time; below them their sum. */
export function stepTable(
  view: RunView,
  now: number,
  paint: Paint,
  width = Number.POSITIVE_INFINITY,
  tails: Tails = new Map(),
): string[] {
  const rows = view.steps;
  const heads = ["", "step", "served by", "tries", "calls", "tokens", "cost", "time"].map((head) => paint.dim(head));
  const isOver = isTerminal(view.status);
  // A column of ones says nothing.
  const retried = rows.some(({ record }) => record.attempts > 1);
  const cells = [heads, ...rows.map((row) => stepCells(row, now, isOver, paint)), ...sumCells(rows, paint)];
  const lines = table(retried ? cells : cells.map((row) => row.filter((_, column) => column !== 3)));
  return lines.map((line, at) => {
    const row = rows[at - 1];
    const room = width - stringWidth(line) - 4;
    const tail = row?.record.status === "running" ? shownTail(tails.get(row.record.id) ?? "", Math.min(room, 80)) : "";
    const note = row ? tail || noteOf(row, now, view.error) : "";
    return `  ${line}${note === "" || room < 12 ? "" : `  ${paint.dim(note.length > room ? `${note.slice(0, room - 1)}…` : note)}`}`;
  });
}

function sumCells(rows: readonly StepRow[], paint: Paint): string[][] {
  const served = rows.filter(({ record }) => record.served && record.reusedFrom === undefined);
  if (served.length < 2) return [];
  const calls = rows.reduce((sum, row) => sum + row.calls.length, 0);
  const failed = rows.reduce((sum, row) => sum + row.calls.filter((call) => !call.ok).length, 0);
  const tokens = served.reduce((sum, { record }) => sum + (totalTokens(record.served) ?? 0), 0);
  const costUsd = served.reduce((sum, { record }) => sum + (record.costUsd ?? 0), 0);
  const cells = [
    "",
    "all",
    "",
    "",
    `${calls}${failed > 0 ? ` (${failed} ✖)` : ""}`,
    String(tokens),
    formatUsd(costUsd),
  ];
  return [cells.map((cell) => paint.bold(cell))];
}

function stepCells({ record, calls }: StepRow, now: number, isOver: boolean, paint: Paint): string[] {
  const { id, status, served, attempts, startedAt, finishedAt } = record;
  const failed = calls.filter((call) => !call.ok).length;
  return [
    sign(status, now, paint),
    status === "pending" || status === "skipped" ? paint.dim(id) : id,
    served ? `${served.provider}/${served.modelServed}` : unservedWords(record, isOver, paint),
    attempts > 0 ? String(attempts) : "",
    calls.length > 0 ? `${calls.length}${failed > 0 ? paint.yellow(` (${failed} ✖)`) : ""}` : "",
    String(totalTokens(served) ?? ""),
    served ? formatUsd(record.costUsd) : "",
    formatSpan(startedAt, finishedAt, now),
  ];
}

/** In the place of who served it: why nobody did. */
function unservedWords({ status, error }: StepRecord, isOver: boolean, paint: Paint): string {
  if (status === "failed") return paint.red(error?.code ?? status);
  if (status === "skipped") return paint.dim("skipped");
  if (status === "cancelled") return paint.dim(status);
  return status === "pending" && isOver ? paint.dim("not reached") : "";
}

function noteOf({ record, calls, reason }: StepRow, now: number, runError: ErrorRecord | null): string {
  const { id, status, waitingUntil } = record;
  // The sentence of the step that the run failed at is told once, with the run's end.
  if (status === "failed" && runError?.details?.step === id) return "";
  if (waitingUntil !== null && waitingUntil > now) {
    return `next try in ${formatDuration(waitingUntil - now)}${reason ? `: ${firstLine(reason)}` : ""}`;
  }
  const last = calls.at(-1);
  if (status === "running" && last?.failure) return `${setbackWords({ ...last, ...last.failure })}, trying another`;
  return reason ? firstLine(reason) : "";
}

function firstLine(text: string): string {
  const line = text.split("\n", 1)[0] ?? "";
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}

function sign(status: StepStatus, now: number, paint: Paint): string {
  if (status === "running") return paint.cyan(spinner[Math.floor(now / 100) % spinner.length] ?? stepSigns.running);
  const text = stepSigns[status];
  if (status === "succeeded") return paint.green(text);
  if (status === "failed") return paint.red(text);
  return status === "waiting" ? paint.yellow(text) : paint.dim(text);
}

/** A run's status in its colour. */
export function colored(status: RunStatus, paint: Paint): string {
  if (status === "succeeded") return paint.green(status);
  if (isTerminal(status)) return paint.red(status);
  return paint.cyan(status);
}

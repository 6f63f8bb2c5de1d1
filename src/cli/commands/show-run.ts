import type { CallRecord } from "../../core/call.ts";
import { formatDuration } from "../../core/duration.ts";
import type { Run, RunEvent } from "../../core/run.ts";
import { type CliContext, clientFor, type GlobalOptions } from "../context.ts";
import type { Paint } from "../output.ts";
import { headedTable } from "../table.ts";
import { frame } from "../watch/frame.ts";
import { resultLines } from "../watch/result.ts";
import { applyEvent, type RunView, runView } from "../watch/run-view.ts";
import { formatUsd } from "../watch/words.ts";

/** `switchyard runs show ID`: the run as its history tells it, every call with its outcome, and what came out. */
export async function showRun(id: string, options: GlobalOptions, context: CliContext): Promise<void> {
  const { output } = context;
  const client = clientFor(options, context);
  const run = await client.get(id, { outputs: true, children: true });
  if (options.json) return output.json(run);
  const events = await client.history(id);
  const view = events.reduce((before: RunView, event: RunEvent) => applyEvent(before, event), runView(run));
  output.print(...frame(view, Date.now(), output.paint));
  if (run.waitsBehind !== undefined) {
    output.print("", `  ${output.paint.dim("queued:")} ${run.waitsBehind} before it (concurrency of ${run.workflow})`);
  }
  const calls = callLines(view, output.paint);
  if (calls.length > 0) output.print("", ...calls);
  const lineage = lineageLines(run, output.paint);
  if (lineage.length > 0) output.print("", ...lineage);
  const children = childLines(run, output.paint);
  if (children.length > 0) output.print("", ...children);
  const result = resultLines(run, output.paint);
  if (result.length > 0) output.print("", ...result);
}

/** Where it comes from, and what was made of it. */
function lineageLines({ forkOf, forks = [] }: Run, paint: Paint): string[] {
  const at = forkOf?.step ? `, from step ${forkOf.step}` : "";
  return [
    ...(forkOf ? [`  ${paint.dim("fork of")} ${forkOf.run}${at}`] : []),
    ...(forks.length > 0 ? [`  ${paint.dim("forks")} ${forks.join(" ")}`] : []),
  ];
}

/** The runs that its steps have started: how many, and some of them. */
function childLines({ id, children = [] }: Run, paint: Paint): string[] {
  const lines = children.map(({ step, total, open, runs }) => {
    const rest = total > runs.length ? ` ... (switchyard runs list --parent ${id})` : "";
    return [
      step,
      `${total} run${total === 1 ? "" : "s"}${open > 0 ? `, ${open} open` : ""}`,
      `${runs.join(" ")}${rest}`,
    ];
  });
  if (lines.length === 0) return [];
  return headedTable(["runs of step", "", ""], lines, paint).map((line) => `  ${line}`);
}

function callLines(view: RunView, paint: Paint): string[] {
  const rows = view.steps.flatMap(({ record, calls }) => calls.map((call) => cells(record.id, call, paint)));
  if (rows.length === 0) return [];
  const heads = ["", "call of step", "target", "time", "cost", "outcome"];
  return headedTable(heads, rows, paint).map((line) => `  ${line}`);
}

function cells(step: string, call: CallRecord, paint: Paint): string[] {
  const { provider, model, ok, failure, durationMs, costUsd } = call;
  const status = failure?.status ? ` ${failure.status}` : "";
  return [
    ok ? paint.green("✔") : paint.red("✖"),
    step,
    `${provider}/${model}`,
    formatDuration(durationMs),
    ok ? formatUsd(costUsd) : "",
    failure ? `${failure.class}${status}: ${failure.message.split("\n", 1)[0]?.slice(0, 120)}` : "answered",
  ];
}

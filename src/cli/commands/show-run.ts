import type { CallRecord } from "../../core/call.ts";
import { formatDuration } from "../../core/duration.ts";
import type { RunEvent } from "../../core/run.ts";
import { type CliContext, clientFor, type GlobalOptions } from "../context.ts";
import type { Paint } from "../output.ts";
import { table } from "../table.ts";
import { frame } from "../watch/frame.ts";
import { resultLines } from "../watch/result.ts";
import { applyEvent, type RunView, runView } from "../watch/run-view.ts";
import { formatUsd } from "../watch/words.ts";

/** `switchyard runs show ID`: the run as its history tells it, every call with its outcome, and what came out. */
export async function showRun(id: string, options: GlobalOptions, context: CliContext): Promise<void> {
  const { output } = context;
  const client = clientFor(options, context);
  const run = await client.get(id, { outputs: true });
  if (options.json) return output.json(run);
  const events = await client.history(id);
  const view = events.reduce((before: RunView, event: RunEvent) => applyEvent(before, event), runView(run));
  output.print(...frame(view, Date.now(), output.paint));
  const calls = callLines(view, output.paint);
  if (calls.length > 0) output.print("", ...calls);
  const result = resultLines(run, output.paint);
  if (result.length > 0) output.print("", ...result);
}

function callLines(view: RunView, paint: Paint): string[] {
  const rows = view.steps.flatMap(({ record, calls }) => calls.map((call) => cells(record.id, call, paint)));
  if (rows.length === 0) return [];
  const heads = ["", "call of step", "target", "time", "cost", "outcome"].map((head) => paint.dim(head));
  return table([heads, ...rows]).map((line) => `  ${line}`);
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

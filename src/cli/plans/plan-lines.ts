import type { Plan, PlanStatus, PlanSummary } from "../../core/plan.ts";
import { minuteWords } from "../moment.ts";
import type { Paint } from "../output.ts";
import { headedTable } from "../table.ts";
import { formatUsd } from "../watch/words.ts";

/** A plan for people: where it stands, its steps as they would be executed, what it cost. */
export function planLines(plan: Plan, paint: Paint): string[] {
  const { id, goal, mode, status, version, steps, explanation, calls, costUsd, run, error } = plan;
  const heads = ["step", "kind", "agent", "after", "what"];
  const rows = steps.map(({ id: step, kind, agent, needs, text }) => [
    step,
    kind,
    agent ?? "",
    needs.join(", "),
    text.length > 80 ? `${text.slice(0, 79)}…` : text,
  ]);
  const failed = calls.filter(({ ok }) => !ok).length;
  const cost = costUsd === null ? "" : `, ${formatUsd(costUsd)}`;
  const provider = calls.findLast(({ ok }) => ok)?.provider ?? "nobody";
  return [
    `${paint.bold(id)} ${coloredStatus(status, paint)} ${paint.dim(`version ${version}, mode ${mode}`)}`,
    `  ${goal.split("\n", 1)[0]}`,
    "",
    ...headedTable(heads, rows, paint).map((line) => `  ${line}`),
    "",
    ...(explanation === "" ? [] : [`  ${paint.dim(explanation)}`]),
    `  ${paint.dim(`planned by ${provider} in ${calls.length} call${calls.length === 1 ? "" : "s"}${failed > 0 ? `, ${failed} failed` : ""}${cost}`)}`,
    ...(run === null ? [] : [`  ${paint.dim("run")} ${run}`]),
    ...(error ? [`  ${paint.red(error.code)}: ${error.message}`] : []),
  ];
}

/** What can be done with it now, as commands. */
export function nextLines({ id, status, run, waiting }: Plan): string[] {
  switch (status) {
    case "pending":
      return [
        `execute it: switchyard plans execute ${id} --watch`,
        `change it:  switchyard plans edit ${id} --mode confirm   (or --definition FILE)`,
      ];
    case "awaiting_approval":
      return [
        `waits for approval: ${waiting.join(", ")}`,
        `approve it: switchyard plans approve ${id}   (or reject)`,
        `watch it:   switchyard runs watch ${run}`,
      ];
    case "executing":
      return run === null
        ? [`complete it: switchyard plans execute ${id}`]
        : [`watch it: switchyard runs watch ${run}`];
    case "completed":
      return [`what it brought: switchyard runs show ${run}`];
    case "failed":
      return [`look at it: switchyard runs show ${run}`, `go on where it failed: switchyard runs retry ${run}`];
    default:
      return [];
  }
}

/** Plans as a table, newest first. */
export function planTable(plans: readonly PlanSummary[], paint: Paint): string[] {
  const heads = ["id", "status", "mode", "version", "made", "run", "goal"];
  const rows = plans.map(({ id, status, mode, version, createdAt, run, goal }) => [
    id,
    coloredStatus(status, paint),
    mode,
    String(version),
    minuteWords(createdAt),
    run ?? "",
    goal.split("\n", 1)[0]?.slice(0, 60) ?? "",
  ]);
  return headedTable(heads, rows, paint);
}

function coloredStatus(status: PlanStatus, paint: Paint): string {
  switch (status) {
    case "completed":
      return paint.green(status);
    case "failed":
    case "aborted":
      return paint.red(status);
    case "executing":
    case "awaiting_approval":
      return paint.yellow(status);
    default:
      return paint.dim(status);
  }
}

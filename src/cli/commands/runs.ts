import type { Command } from "commander";
import { formatDuration } from "../../core/duration.ts";
import type { RunSummary } from "../../core/run.ts";
import { type CliContext, clientFor, exitWith, type GlobalOptions, type Register } from "../context.ts";
import { momentWords } from "../moment.ts";
import { wholeNumber } from "../number-option.ts";
import type { Paint } from "../output.ts";
import { headedTable } from "../table.ts";
import { colored } from "../watch/frame.ts";
import { formatUsd } from "../watch/words.ts";
import { followRun } from "./follow-run.ts";
import { registerForks } from "./fork-run.ts";
import { registerOperations } from "./operate-run.ts";
import { showRun } from "./show-run.ts";

interface ListOptions extends GlobalOptions {
  readonly limit?: number;
  readonly before?: string;
  readonly status?: string;
  readonly workflow?: string;
  readonly parent?: string;
  readonly all?: boolean;
}

/** `switchyard runs list | show ID | watch ID`. */
export const registerRuns: Register = (program, context) => {
  const runs = program.command("runs").description("list, show, watch and operate runs");
  runs
    .command("list")
    .description("list runs, newest first")
    .option("--limit <n>", "at most this many (default: 50)", wholeNumber(1, 500))
    .option("--before <id>", "go on behind this run")
    .option(
      "--status <status>",
      "only runs of this status, or of several with commas: queued, running, paused, succeeded, failed, cancelled",
    )
    .option("--workflow <name>", "only runs of this workflow")
    .option("--parent <id>", "only runs that steps of this one have started")
    .option("--all", "also runs that steps of others have started")
    .action((_options, command: Command) => listRuns(command.optsWithGlobals(), context));
  runs
    .command("show")
    .description("show a run: its steps, who served them, its output")
    .argument("<id>", "run id")
    .action((id: string, _options, command: Command) => showRun(id, command.optsWithGlobals(), context));
  runs
    .command("watch")
    .description("show a run until it ends; the exit code is 1 unless it succeeds")
    .argument("<id>", "run id")
    .action(async (runId: string, _options, command: Command) => {
      const options: GlobalOptions = command.optsWithGlobals();
      exitWith(await followRun({ client: clientFor(options, context), runId, context, json: options.json }));
    });
  runs
    .command("delete")
    .description("delete a run that has ended, with the runs that it has started")
    .argument("<id>", "run id")
    .action(async (id: string, _options, command: Command) => {
      const options: GlobalOptions = command.optsWithGlobals();
      await clientFor(options, context).remove(id);
      if (options.json) context.output.json({ run: id, deleted: true });
      else context.output.print(`deleted ${id}`);
    });
  registerOperations(runs, context);
  registerForks(runs, context);
};

async function listRuns(options: ListOptions, context: CliContext): Promise<void> {
  const { limit, before, status, workflow, parent, all, json } = options;
  const { output } = context;
  const page = await clientFor(options, context).list({ limit, before, status, workflow, parent, all });
  if (json) return output.json(page);
  if (page.runs.length === 0) return output.note("No runs.");
  const heads = ["id", "workflow", "status", "created", "time", "cost"];
  const rows = page.runs.map((run) => cells(run, output.paint));
  output.print(...headedTable(heads, rows, output.paint));
  if (page.next !== null) output.note(`more: switchyard runs list --before ${page.next}`);
}

function cells(run: RunSummary, paint: Paint): string[] {
  const { id, workflow, version, status, createdAt, finishedAt, costUsd } = run;
  const time = finishedAt === null ? "" : formatDuration(finishedAt - createdAt);
  return [id, `${workflow} v${version}`, colored(status, paint), momentWords(createdAt), time, formatUsd(costUsd)];
}

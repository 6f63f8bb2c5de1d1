import type { Command } from "commander";
import type { ListedWorkflow } from "../../core/listed-workflow.ts";
import { clientFor, type GlobalOptions, type Register } from "../context.ts";
import { minuteWords } from "../moment.ts";
import { wholeNumber } from "../number-option.ts";
import { authorHere } from "../route/change-routing.ts";
import { headedTable } from "../table.ts";

interface ListOptions extends GlobalOptions {
  readonly after?: string;
  readonly limit?: number;
}

interface ShowOptions extends GlobalOptions {
  /** `--version` alone asks for the program's. */
  readonly ofVersion?: number;
}

/** `switchyard workflows list | show NAME | delete NAME`. */
export const registerWorkflows: Register = (program, context) => {
  const workflows = program.command("workflows").description("the stored workflows");
  workflows
    .command("list")
    .description("the stored workflows by name, each with its newest version and its last run")
    .option("--after <name>", "go on behind this one")
    .option("--limit <n>", "at most this many (default: 100)", wholeNumber(1, 500))
    .action(async (_options, command: Command) => {
      const { after, limit, ...flags }: ListOptions = command.optsWithGlobals();
      const page = await clientFor(flags, context).workflows.list({ after, limit });
      const { output } = context;
      if (flags.json) return output.json(page);
      if (page.workflows.length === 0) return output.note("No workflows.");
      const heads = ["name", "version", "stored (UTC)", "last run (UTC)", ""];
      output.print(...headedTable(heads, page.workflows.map(cells), output.paint));
      if (page.next !== null) output.note(`More with --after ${page.next}`);
    });
  workflows
    .command("show")
    .description("a stored workflow's definition, as JSON")
    .argument("<name>", "name of the workflow")
    .option("--of-version <n>", "this version of it (default: the newest)", wholeNumber(1, 1_000_000))
    .action(async (name: string, _options, command: Command) => {
      const { ofVersion, ...flags }: ShowOptions = command.optsWithGlobals();
      const shown = await clientFor(flags, context).workflows.show(name, ofVersion);
      if (flags.json) context.output.json(shown);
      else context.output.print(JSON.stringify(shown.definition, null, 2));
    });
  workflows
    .command("delete")
    .description("delete a workflow that no run that goes on, schedule, trigger or other workflow needs")
    .argument("<name>", "name of the workflow")
    .action(async (name: string, _options, command: Command) => {
      const flags: GlobalOptions = command.optsWithGlobals();
      await clientFor(flags, context).workflows.delete(name, { author: authorHere(context.env) });
      if (flags.json) context.output.json({ workflow: name, deleted: true });
      else context.output.print(`${name} is deleted`);
    });
};

function cells({ name, version, storedAt, lastRunAt, lastRun }: ListedWorkflow): string[] {
  return [name, `v${version}`, minuteWords(storedAt), minuteWords(lastRunAt), lastRun ?? ""];
}

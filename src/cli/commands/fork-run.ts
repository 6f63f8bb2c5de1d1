import type { Command } from "commander";
import type { ForkOptions } from "../../client/client.ts";
import { type CliContext, clientFor, exitWith, type GlobalOptions } from "../context.ts";
import { readInput, withJsonHints } from "../input.ts";
import { wholeNumber } from "../number-option.ts";
import { followRun } from "./follow-run.ts";

interface AgainOptions extends GlobalOptions {
  readonly from?: string;
  readonly input?: readonly string[];
  readonly workflowVersion?: number;
  readonly watch?: boolean;
  readonly idempotencyKey?: string;
}

/** `switchyard runs retry ID | fork ID --from STEP`. */
export function registerForks(runs: Command, context: CliContext): void {
  const retry = runs
    .command("retry")
    .description("start a new run where one failed or was cancelled; what succeeded is kept")
    .argument("<id>", "run id");
  const fork = runs
    .command("fork")
    .description("start a new run from a step of another one; what came before the step is kept")
    .argument("<id>", "run id")
    .requiredOption("--from <step>", "the first step that runs anew");
  for (const command of [retry, fork]) {
    command
      .option(
        "-i, --input <value>",
        "in place of that run's: key=text, key:=json, key=@file, or @file.json; repeatable",
        gathered,
      )
      .option("--workflow-version <n>", "version of its workflow (default: that run's)", wholeNumber(1))
      .option("-w, --watch", "show the run until it ends; the exit code is 1 unless it succeeds")
      .option("--idempotency-key <key>", "the same key gives the same run")
      .action((id: string, _options, self: Command) => again(id, self.optsWithGlobals(), context));
  }
}

async function again(id: string, options: AgainOptions, context: CliContext): Promise<void> {
  const { from, input, workflowVersion, watch, idempotencyKey } = options;
  const client = clientFor(options, context);
  const asked: ForkOptions = {
    ...(input === undefined ? {} : { input: await readInput(input, context.cwd) }),
    ...(workflowVersion === undefined ? {} : { version: workflowVersion }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
  const forked = from === undefined ? client.retry(id, asked) : client.fork(id, from, asked);
  const run = await withJsonHints(forked, input);
  if (watch) return exitWith(await followRun({ client, runId: run.id, context, json: options.json }));
  if (options.json) return context.output.json(run);
  context.output.print(run.id);
  context.output.note(`watch it: switchyard runs watch ${run.id}`);
}

function gathered(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

import { Option } from "commander";
import { strategyNames } from "../../config/settings.ts";
import type { Hints } from "../../core/call.ts";
import { AppError } from "../../core/errors.ts";
import { type Priority, priorities } from "../../core/priority.ts";
import { clientFor, exitWith, type GlobalOptions, type Register } from "../context.ts";
import { readDefinitionText } from "../definition-file.ts";
import { type HintFlags, hintsOf } from "../hint-flags.ts";
import { readInput, withJsonHints } from "../input.ts";
import { amount, wholeNumber } from "../number-option.ts";
import { followRun } from "./follow-run.ts";

interface RunOptions extends GlobalOptions, HintFlags {
  readonly input?: readonly string[];
  readonly watch?: boolean;
  readonly maxCalls?: number;
  readonly maxUsd?: number;
  readonly priority?: Priority;
  readonly idempotencyKey?: string;
}

/** `switchyard run FILE`: submits a definition with its input; with --watch shows the run to its end. */
export const registerRun: Register = (program, context) => {
  program
    .command("run")
    .description("run a workflow file")
    .argument("<file>", "definition, YAML or JSON; - reads standard input")
    .option("-i, --input <value>", "key=text, key:=json, key=@file, or @file.json; repeatable", gathered)
    .option("-w, --watch", "show the run until it ends; the exit code is 1 unless it succeeds")
    .option("--provider <name>", "preferred provider of each step")
    .option("--model <name>", "model, or an alias of the settings")
    .option("--strict", "with --provider: that one or an error")
    .option("--strategy <name>", `in place of the configured one: ${strategyNames.join(", ")}`)
    .option("--allow <names...>", "only these providers may serve")
    .option("--max-calls <n>", "calls of one attempt of a step, failed ones included (default: 6)", wholeNumber(1))
    .option("--max-usd <usd>", "USD of one attempt of a step, checked before each further call", amount)
    .addOption(new Option("--priority <priority>", "jobs of a higher one are taken first").choices([...priorities]))
    .option("--idempotency-key <key>", "the same key gives the same run")
    .addHelpText("after", example)
    .action(async (file: string, _options, command) => {
      const options: RunOptions = command.optsWithGlobals();
      const [definition, input] = await Promise.all([
        readDefinitionText(file, context.cwd),
        readInput(options.input ?? [], context.cwd),
      ]);
      const { idempotencyKey, priority } = options;
      const client = clientFor(options, context);
      const asked = client
        .submit({
          definition,
          input,
          hints: runHints(options),
          ...(priority === undefined ? {} : { priority }),
          ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
        })
        .catch((error: unknown) => Promise.reject(inFile(error, file)));
      const run = await withJsonHints(asked, options.input);
      if (options.watch) return exitWith(await followRun({ client, runId: run.id, context, json: options.json }));
      if (options.json) return context.output.json(run);
      context.output.print(run.id);
      context.output.note(`watch it: switchyard runs watch ${run.id}`);
    });
};

const example = `
Example:
  switchyard run incident.yaml --input log=@app.log --input audience=managers --watch`;

function gathered(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function runHints({ maxCalls, maxUsd, ...flags }: RunOptions): Hints {
  return {
    ...hintsOf(flags),
    ...(maxCalls === undefined ? {} : { max_calls: maxCalls }),
    ...(maxUsd === undefined ? {} : { max_usd: maxUsd }),
  };
}

/** The server does not know the file's name; people want it beside the line. */
function inFile(error: unknown, file: string): unknown {
  if (!(error instanceof AppError) || error.code !== "invalid_definition") return error;
  const { message, problems, details } = error;
  return new AppError(error.code, { message, problems, details: { ...details, file }, cause: error });
}

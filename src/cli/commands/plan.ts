import { Option } from "commander";
import { type PlanMode, planModes } from "../../core/plan.ts";
import { clientFor, exitWith, type GlobalOptions, type Register } from "../context.ts";
import { amount } from "../number-option.ts";
import { writeDefinition } from "../plans/definition-output.ts";
import { nextLines, planLines } from "../plans/plan-lines.ts";
import { authorHere } from "../route/change-routing.ts";
import { followRun } from "./follow-run.ts";

interface PlanOptions extends GlobalOptions {
  readonly mode?: PlanMode;
  readonly domain?: string;
  readonly agents?: readonly string[];
  readonly provider?: string;
  readonly model?: string;
  readonly maxUsd?: number;
  readonly execute?: boolean;
  readonly watch?: boolean;
  readonly output?: string;
}

/** `switchyard plan "GOAL"`: makes a plan of a goal and shows it; with --execute it is run. */
export const registerPlan: Register = (program, context) => {
  program
    .command("plan")
    .description("make a workflow of a goal in words")
    .argument("<goal>", "what is wanted")
    .addOption(new Option("--mode <mode>", "how its steps follow each other (default: auto)").choices(planModes))
    .option("--domain <words>", "the field that the goal is of")
    .option("--agents <names...>", "only these agents of the catalogue")
    .option("--provider <name>", "preferred provider, of the planner and of each step")
    .option("--model <name>", "model, or an alias of the settings")
    .option("--max-usd <usd>", "USD of the planning, and of one attempt of each step", amount)
    .option("-x, --execute", "run it at once")
    .option("-w, --watch", "with --execute: show the run until it ends; the exit code is 1 unless it succeeds")
    .option("-o, --output <file>", "write the workflow to a file: YAML, or JSON by its ending")
    .addHelpText("after", example)
    .action(async (goal: string, _options, command) => {
      const options: PlanOptions = command.optsWithGlobals();
      const { output, env, cwd, stop } = context;
      const client = clientFor(options, context);
      const asker = { author: authorHere(env), signal: stop.signal };
      const made = await client.plans.make(asked(goal, options), asker);
      if (options.output !== undefined) await writeDefinition(options.output, made.definition, cwd);
      const plan = options.execute ? await client.plans.execute(made.id, asker) : made;
      const watched = options.watch && plan.run !== null ? plan.run : undefined;
      if (options.json) output.json(plan);
      else {
        output.print(...planLines(plan, output.paint));
        if (watched === undefined) output.note("", ...nextLines(plan));
        else output.print("");
      }
      if (watched !== undefined) exitWith(await followRun({ client, runId: watched, context, json: options.json }));
    });
};

const example = `
Example:
  switchyard plan "Compare three vendors and write a recommendation" --execute --watch`;

function asked(goal: string, { mode, domain, agents, provider, model, maxUsd }: PlanOptions) {
  const hints = {
    ...(provider === undefined ? {} : { provider }),
    ...(model === undefined ? {} : { model }),
    ...(maxUsd === undefined ? {} : { max_usd: maxUsd }),
  };
  return {
    goal,
    ...(mode === undefined ? {} : { mode }),
    ...(domain === undefined ? {} : { domain }),
    ...(agents === undefined ? {} : { agents }),
    ...(Object.keys(hints).length === 0 ? {} : { hints }),
  };
}

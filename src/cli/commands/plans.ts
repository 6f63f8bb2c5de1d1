import { type Command, Option } from "commander";
import type { PlanAsker, PlansClient } from "../../client/plans-client.ts";
import { type Plan, type PlanMode, type PlanStatus, planModes, planStatuses } from "../../core/plan.ts";
import { type CliContext, clientFor, exitWith, type GlobalOptions, type Register } from "../context.ts";
import { readDefinitionText } from "../definition-file.ts";
import { minuteWords } from "../moment.ts";
import { wholeNumber } from "../number-option.ts";
import { nextLines, planLines, planTable } from "../plans/plan-lines.ts";
import { authorHere } from "../route/change-routing.ts";
import { headedTable } from "../table.ts";
import { followRun } from "./follow-run.ts";

interface EditOptions extends GlobalOptions {
  readonly mode?: PlanMode;
  readonly definition?: string;
  readonly ifVersion?: number;
}

/** `switchyard plans list | show | agents | execute | edit | rollback | approve | reject | cancel`. */
export const registerPlans: Register = (program, context) => {
  const plans = program.command("plans").description("workflows made of goals");
  registerLooking(plans, context);
  registerChanges(plans, context);
  registerWords(plans, context);
};

function registerLooking(plans: Command, context: CliContext): void {
  const { output } = context;
  plans
    .command("list")
    .description("the plans, newest first")
    .addOption(new Option("--status <status>", "only these").choices(planStatuses))
    .option("--limit <n>", "how many (default: 50)", wholeNumber(1))
    .action(async (_options, command: Command) => {
      const { status, limit, ...flags }: GlobalOptions & { readonly status?: PlanStatus; readonly limit?: number } =
        command.optsWithGlobals();
      const page = await clientFor(flags, context).plans.list({ status, limit });
      if (flags.json) return output.json(page);
      if (page.plans.length === 0) return output.note('No plans. Make one: switchyard plan "GOAL"');
      output.print(...planTable(page.plans, output.paint));
    });
  plans
    .command("show")
    .description("a plan: its steps, its versions, where it stands")
    .argument("<id>", "plan id")
    .action(async (id: string, _options, command: Command) => {
      const flags: GlobalOptions = command.optsWithGlobals();
      const client = clientFor(flags, context).plans;
      const [plan, versions] = await Promise.all([client.get(id), client.versions(id)]);
      if (flags.json) return output.json({ ...plan, versions });
      const heads = ["version", "changed", "by", "what"];
      const rows = versions.map(({ version, changedAt, changedBy, summary }) => {
        return [String(version), minuteWords(changedAt), changedBy, summary];
      });
      const table = headedTable(heads, rows, output.paint).map((line) => `  ${line}`);
      output.print(...planLines(plan, output.paint), "", ...table);
      output.note("", ...nextLines(plan));
    });
  plans
    .command("agents")
    .description("whom a planner may give steps to")
    .action(async (_options, command: Command) => {
      const flags: GlobalOptions = command.optsWithGlobals();
      const agents = await clientFor(flags, context).plans.agents();
      if (flags.json) return output.json({ agents });
      const heads = ["agent", "tools", "what for"];
      const rows = agents.map((one) => [one.name, one.tools.join(", "), one.description]);
      output.print(...headedTable(heads, rows, output.paint));
    });
}

function registerChanges(plans: Command, context: CliContext): void {
  plans
    .command("execute")
    .description("run a plan; that is done once")
    .argument("<id>", "plan id")
    .option("-w, --watch", "show the run until it ends; the exit code is 1 unless it succeeds")
    .action(async (id: string, _options, command: Command) => {
      const { watch, ...flags }: GlobalOptions & { readonly watch?: boolean } = command.optsWithGlobals();
      const client = clientFor(flags, context);
      const plan = await client.plans.execute(id, { author: authorHere(context.env) });
      if (watch && plan.run !== null)
        return exitWith(await followRun({ client, runId: plan.run, context, json: flags.json }));
      tell(plan, flags, context);
    });
  plans
    .command("edit")
    .description("change a pending plan: a new version of it")
    .argument("<id>", "plan id")
    .addOption(new Option("--mode <mode>", "how its steps follow each other").choices(planModes))
    .option("--definition <file>", "a workflow in place of the plan's, YAML or JSON; - reads standard input")
    .option("--if-version <n>", "the version that the change is made for (default: the newest)", wholeNumber(1))
    .action(async (id: string, _options, command: Command) => {
      const { mode, definition, ifVersion, ...flags }: EditOptions = command.optsWithGlobals();
      await change(flags, context, async (client, asker) => {
        const text = definition === undefined ? undefined : await readDefinitionText(definition, context.cwd);
        const made = ifVersion ?? (await client.get(id)).version;
        return client.edit(id, { version: made, mode, definition: text }, asker);
      });
    });
  plans
    .command("rollback")
    .description("make a new version that equals an old one")
    .argument("<id>", "plan id")
    .argument("<version>", "the old version", wholeNumber(1))
    .action((id: string, version: number, _options, command: Command) =>
      change(command.optsWithGlobals(), context, (client, asker) => client.rollback(id, version, asker)),
    );
}

function registerWords(plans: Command, context: CliContext): void {
  for (const verb of ["approve", "reject"] as const) {
    plans
      .command(verb)
      .description(`${verb} the step that a plan waits for`)
      .argument("<id>", "plan id")
      .argument("[step]", "the approval, where several wait")
      .option("--comment <text>", "for the history")
      .action((id: string, step: string | undefined, _options, command: Command) => {
        const { comment, ...flags }: GlobalOptions & { readonly comment?: string } = command.optsWithGlobals();
        const word = { approved: verb === "approve", step, comment };
        return change(
          flags,
          context,
          (client, asker) => client.resume(id, word, asker),
          `${id}: ${verb === "approve" ? "approved" : "rejected"}`,
        );
      });
  }
  plans
    .command("cancel")
    .description("cancel a plan, or the run that executes it")
    .argument("<id>", "plan id")
    .option("--reason <text>", "for the history")
    .action((id: string, _options, command: Command) => {
      const { reason, ...flags }: GlobalOptions & { readonly reason?: string } = command.optsWithGlobals();
      return change(
        flags,
        context,
        (client, asker) => client.cancel(id, { ...asker, reason }),
        `${id} is being cancelled`,
      );
    });
}

/** @param done what is told in place of the whole plan */
async function change(
  flags: GlobalOptions,
  context: CliContext,
  ask: (client: PlansClient, asker: PlanAsker) => Promise<Plan>,
  done?: string,
): Promise<void> {
  const plan = await ask(clientFor(flags, context).plans, { author: authorHere(context.env) });
  if (done !== undefined && !flags.json) context.output.print(done);
  else tell(plan, flags, context);
}

function tell(plan: Plan, { json }: GlobalOptions, { output }: CliContext): void {
  if (json) output.json(plan);
  else {
    output.print(...planLines(plan, output.paint));
    output.note("", ...nextLines(plan));
  }
}

import type { Command } from "commander";
import type { Schedule } from "../../core/schedule.ts";
import { clientFor, type GlobalOptions, type Register } from "../context.ts";
import { readInput, withJsonHints } from "../input.ts";
import { minuteWords } from "../moment.ts";
import { authorHere } from "../route/change-routing.ts";
import { headedTable } from "../table.ts";

interface SetOptions extends GlobalOptions {
  readonly timezone?: string;
  readonly input?: readonly string[];
  readonly skipOverlap?: boolean;
}

/** `switchyard schedules list | set | remove`. */
export const registerSchedules: Register = (program, context) => {
  const schedules = program.command("schedules").description("runs that begin by the clock");
  schedules
    .command("list")
    .description("the schedules, their next time and last run")
    .action(async (_options, command: Command) => {
      const flags: GlobalOptions = command.optsWithGlobals();
      const found = await clientFor(flags, context).schedules();
      const { output } = context;
      if (flags.json) return output.json({ schedules: found });
      if (found.length === 0) return output.note("No schedules.");
      const heads = ["id", "workflow", "cron", "time zone", "next (UTC)", "last run"];
      output.print(...headedTable(heads, found.map(cells), output.paint));
    });
  schedules
    .command("set")
    .description("begin runs of a stored workflow by the clock, in place of a schedule of that id")
    .argument("<id>", "name of the schedule")
    .argument("<workflow>", "name of a stored workflow")
    .argument("<cron>", "five fields: minute, hour, day of month, month, day of week, as in '0 7 * * 1-5'")
    .option("--timezone <name>", "IANA name such as Europe/Berlin (default: UTC)")
    .option(
      "--input <key=value>",
      "the runs' input, as `run` takes it; again for more",
      (value: string, before: readonly string[] = []) => [...before, value],
    )
    .option("--skip-overlap", "begin none while the one before still runs")
    .action(async (id: string, workflow: string, cron: string, _options, command: Command) => {
      const { timezone, input, skipOverlap, ...flags }: SetOptions = command.optsWithGlobals();
      const asked = clientFor(flags, context).setSchedule(
        id,
        {
          workflow,
          cron,
          ...(timezone === undefined ? {} : { timezone }),
          ...(input === undefined ? {} : { input: await readInput(input, context.cwd) }),
          ...(skipOverlap ? { overlap: "skip" } : {}),
        },
        { author: authorHere(context.env) },
      );
      const schedule = await withJsonHints(asked, input);
      if (flags.json) context.output.json(schedule);
      else context.output.print(`${id} begins ${workflow} next at ${minuteWords(schedule.nextAt)} UTC`);
    });
  schedules
    .command("remove")
    .description("end a schedule; runs that it began go on")
    .argument("<id>", "name of the schedule")
    .action(async (id: string, _options, command: Command) => {
      const flags: GlobalOptions = command.optsWithGlobals();
      await clientFor(flags, context).removeSchedule(id, { author: authorHere(context.env) });
      if (flags.json) context.output.json({ ok: true });
      else context.output.print(`${id} is removed`);
    });
};

function cells({ id, workflow, version, cron, timezone, nextAt, lastRun }: Schedule): string[] {
  return [
    id,
    version === null ? workflow : `${workflow} v${version}`,
    cron,
    timezone,
    minuteWords(nextAt),
    lastRun ?? "",
  ];
}

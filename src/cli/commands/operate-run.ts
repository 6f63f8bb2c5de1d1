import type { Command } from "commander";
import type { Asker, SwitchyardClient } from "../../client/client.ts";
import { AppError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import { type CliContext, clientFor, type GlobalOptions } from "../context.ts";
import { readText } from "../input.ts";
import { authorHere } from "../route/change-routing.ts";

interface CancelOptions extends GlobalOptions {
  readonly reason?: string;
}

interface SignalOptions extends GlobalOptions {
  readonly payload?: string;
  readonly id?: string;
}

interface WordOptions extends GlobalOptions {
  readonly comment?: string;
  readonly form?: string;
}

/** `switchyard runs cancel | pause | resume | signal | approve | reject`. */
export function registerOperations(runs: Command, context: CliContext): void {
  runs
    .command("cancel")
    .description("end a run: calls under way are aborted, its child runs ended")
    .argument("<id>", "run id")
    .option("--reason <text>", "for the history")
    .action((id: string, _options, command: Command) => {
      const { reason, ...options }: CancelOptions = command.optsWithGlobals();
      return tell(
        options,
        context,
        (client, asker) => client.cancel(id, reason === undefined ? asker : { ...asker, reason }),
        `${id} is being cancelled`,
      );
    });
  runs
    .command("pause")
    .description("let a run start nothing new; what is under way goes on")
    .argument("<id>", "run id")
    .action((id: string, _options, command: Command) =>
      tell(command.optsWithGlobals(), context, (client, asker) => client.pause(id, asker), `${id} is paused`),
    );
  runs
    .command("resume")
    .description("let a paused run go on")
    .argument("<id>", "run id")
    .action((id: string, _options, command: Command) =>
      tell(command.optsWithGlobals(), context, (client, asker) => client.resume(id, asker), `${id} goes on`),
    );
  runs
    .command("signal")
    .description("send a run a signal; one that comes early is kept")
    .argument("<id>", "run id")
    .argument("<name>", "the signal's name")
    .option("--payload <json>", "what it brings: JSON, or @FILE")
    .option("--id <id>", "the same id is taken once")
    .action(async (id: string, name: string, _options, command: Command) => {
      const { payload, id: signalId, ...options }: SignalOptions = command.optsWithGlobals();
      const brought = await json(payload, "--payload", context);
      const more = signalId === undefined ? {} : { id: signalId };
      await tell(
        options,
        context,
        (client, asker) => client.signal(id, name, { ...asker, ...more, payload: brought }),
        `signal ${name} is sent to ${id}`,
      );
    });
  for (const verb of ["approve", "reject"] as const) {
    runs
      .command(verb)
      .description(`${verb} what an approval step of a run waits for`)
      .argument("<id>", "run id")
      .argument("[step]", "the step, where several wait")
      .option("--comment <text>", "for the history and the step's output")
      .option("--form <json>", "what the step's form asks: JSON, or @FILE")
      .action(async (id: string, step: string | undefined, _options, command: Command) => {
        const { comment, form, ...options }: WordOptions = command.optsWithGlobals();
        const filled = form === undefined ? {} : { form: await json(form, "--form", context) };
        const said = {
          ...(step === undefined ? {} : { step }),
          ...(comment === undefined ? {} : { comment }),
          ...filled,
        };
        await tell(
          options,
          context,
          (client, asker) => client.decide(id, verb, { ...asker, ...said }),
          `${id}: ${verb === "approve" ? "approved" : "rejected"}`,
        );
      });
  }
}

async function tell(
  options: GlobalOptions,
  context: CliContext,
  ask: (client: SwitchyardClient, asker: Asker) => Promise<unknown>,
  done: string,
): Promise<void> {
  const answer = await ask(clientFor(options, context), { author: authorHere(context.env) });
  if (options.json) context.output.json(answer ?? { ok: true });
  else context.output.print(done);
}

async function json(text: string | undefined, option: string, { cwd }: CliContext): Promise<Json> {
  if (text === undefined) return null;
  const content = text.startsWith("@") ? await readText(text.slice(1), cwd) : text;
  try {
    return JSON.parse(content) as Json;
  } catch (cause) {
    throw new AppError("usage", { message: `${option} is no JSON: ${content.slice(0, 60)}`, cause });
  }
}

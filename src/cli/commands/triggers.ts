import type { Command } from "commander";
import { AppError } from "../../core/errors.ts";
import { defaultTenant } from "../../core/tenant.ts";
import type { DeliveryId, SignatureRequest, Trigger } from "../../core/trigger.ts";
import { type CliContext, clientFor, type GlobalOptions, type Register, tenantIn } from "../context.ts";
import { readInput } from "../input.ts";
import { authorHere } from "../route/change-routing.ts";
import { headedTable } from "../table.ts";

interface SetOptions extends GlobalOptions {
  readonly on?: string;
  readonly signal?: string;
  readonly run?: string;
  readonly secretEnv?: string;
  readonly input?: readonly string[];
  readonly style?: "github" | "stripe";
  readonly header?: string;
  readonly prefix?: string;
  readonly timestamp?: string;
  readonly signed?: string;
  readonly tolerance?: string;
  readonly deliveryHeader?: string;
  readonly deliveryId?: string;
}

interface SendOptions extends GlobalOptions {
  readonly payload?: readonly string[];
  readonly id?: string;
}

/** `switchyard triggers list | set | remove | send`. */
export const registerTriggers: Register = (program, context) => {
  const triggers = program.command("triggers").description("runs that signed requests from outside begin");
  registerList(triggers, context);
  registerSet(triggers, context);
  registerSend(triggers, context);
  triggers
    .command("remove")
    .description("end a trigger; runs that it began go on")
    .argument("<id>", "name of the trigger")
    .action(async (id: string, _options, command: Command) => {
      const flags: GlobalOptions = command.optsWithGlobals();
      await clientFor(flags, context).removeTrigger(id, { author: authorHere(context.env) });
      if (flags.json) context.output.json({ ok: true });
      else context.output.print(`${id} is removed`);
    });
};

function registerList(triggers: Command, context: CliContext): void {
  triggers
    .command("list")
    .description("the triggers; their secrets are masked")
    .action(async (_options, command: Command) => {
      const flags: GlobalOptions = command.optsWithGlobals();
      const found = await clientFor(flags, context).triggers();
      const { output } = context;
      if (flags.json) return output.json({ triggers: found });
      if (found.length === 0) return output.note("No triggers.");
      const heads = ["id", "begins", "signature", "deliveries by", "secret"];
      output.print(...headedTable(heads, found.map(cells), output.paint));
    });
}

function registerSet(triggers: Command, context: CliContext): void {
  triggers
    .command("set")
    .description("begin runs by signed requests to /v1/hooks/ID, in place of a trigger of that id")
    .argument("<id>", "name of the trigger; the last part of its address")
    .argument("[workflow]", "name of a stored workflow; without it: --signal")
    .option("--on <signal>", "begin them by signals of this name, too: `triggers send`, POST /v1/signals/NAME")
    .option("--signal <name>", "send this signal to a run instead")
    .option("--run <template>", "with --signal: the run's id, as in '{{ body.run }}'")
    .option("--secret-env <name>", "environment variable with the secret (default: it stays, or one is made and shown)")
    .option(
      "--input <key=value>",
      "the runs' input, or the signal's payload, with templates over body and headers; again for more (default: the body)",
      (value: string, before: readonly string[] = []) => [...before, value],
    )
    .option("--style <style>", "github: prefix and digest in a header; stripe: t=SECONDS,v1=DIGEST (default: github)")
    .option("--header <name>", "header with the signature")
    .option("--prefix <text>", "what stands before the digest")
    .option("--timestamp <header>", "header with the time of sending, which is signed too")
    .option("--signed <text>", "what is signed, as in 'v0:{timestamp}:{body}'")
    .option("--tolerance <duration>", "how long ago it may have been signed (default: 5m)")
    .option("--delivery-header <name>", "header that tells deliveries apart")
    .option("--delivery-id <template>", "what tells deliveries apart, as in '{{ body.id }}'")
    .action(async (id: string, workflow: string | undefined, _options, command: Command) => {
      const flags: SetOptions = command.optsWithGlobals();
      const client = clientFor(flags, context);
      const set = await client.setTrigger(id, await requestOf(workflow, flags, context), {
        author: authorHere(context.env),
      });
      if (flags.json) return context.output.json(set);
      const tenant = tenantIn(flags, context.env);
      const ofTenant = tenant === undefined || tenant === defaultTenant ? "" : `${tenant}/`;
      context.output.print(`${id} begins ${begins(set)}, by POST ${client.url}/v1/hooks/${ofTenant}${id}`);
      if (set.generatedSecret !== undefined)
        context.output.print(`Its secret, shown this once: ${set.generatedSecret}`);
    });
}

function registerSend(triggers: Command, context: CliContext): void {
  triggers
    .command("send")
    .description("send a signal that no run waits for: each trigger set --on its name begins its run")
    .argument("<signal>", "the signal's name")
    .option(
      "--payload <key=value>",
      "what the triggers' templates read as body; or @FILE with JSON or YAML; again for more",
      (value: string, before: readonly string[] = []) => [...before, value],
    )
    .option("--id <id>", "the same one is taken once")
    .action(async (name: string, _options, command: Command) => {
      const { payload, id, ...flags }: SendOptions = command.optsWithGlobals();
      const { output, cwd, env } = context;
      const brought = payload === undefined ? {} : { payload: await readInput(payload, cwd) };
      const signal = { ...brought, ...(id === undefined ? {} : { id }) };
      const begun = await clientFor(flags, context).sendSignal(name, signal, { author: authorHere(env) });
      if (flags.json) return output.json({ signal: name, begun });
      if (begun.length === 0) return output.note(`No trigger is set on ${name}.`);
      for (const one of begun) output.print(`${one.trigger}: ${one.error ? one.error.message : one.run}`);
    });
}

async function requestOf(workflow: string | undefined, flags: SetOptions, { env, cwd }: CliContext) {
  const { signal, run, secretEnv, input, on } = flags;
  if ((signal === undefined) !== (run === undefined))
    throw new AppError("usage", { message: "--signal and --run go together: which signal, and to which run." });
  const secret = secretEnv === undefined ? undefined : env[secretEnv];
  if (secretEnv !== undefined && !secret)
    throw new AppError("usage", { message: `The environment variable ${secretEnv} is not set.` });
  return {
    workflow,
    on,
    secret,
    ...(signal !== undefined && run !== undefined ? { signal: { name: signal, run } } : {}),
    ...(input === undefined ? {} : { input: await readInput(input, cwd) }),
    signature: signatureOf(flags),
    idempotency: deliveriesBy(flags),
  };
}

function signatureOf({ style, header, prefix, timestamp, signed, tolerance }: SetOptions): SignatureRequest {
  return { style, header, prefix, timestamp, signed, tolerance };
}

/** @throws AppError usage */
function deliveriesBy({ deliveryHeader, deliveryId }: SetOptions): DeliveryId | undefined {
  if (deliveryHeader !== undefined && deliveryId !== undefined)
    throw new AppError("usage", { message: "Give one of --delivery-header and --delivery-id." });
  if (deliveryHeader !== undefined) return { header: deliveryHeader };
  return deliveryId === undefined ? undefined : { expression: deliveryId };
}

function begins(trigger: Trigger): string {
  const by = trigger.on === null ? "" : `, on ${trigger.on}`;
  return `${what(trigger)}${by}`;
}

function what({ workflow, version, signal }: Trigger): string {
  if (signal) return `signal ${signal.name} to ${signal.run}`;
  return version === null ? `${workflow}` : `${workflow} v${version}`;
}

function cells(trigger: Trigger): string[] {
  const { id, signature, idempotency, secret } = trigger;
  const by = idempotency === null ? "what is signed" : Object.values(idempotency).join("");
  return [id, begins(trigger), `${signature.style}, ${signature.header}`, by, secret];
}

import { hostname } from "node:os";
import type { Command } from "commander";
import type { AuditAsked } from "../../access/audit-log.ts";
import type { KeyStore } from "../../access/key-store.ts";
import { type AccessKey, isTenant, type NewAccessKey, tenantForm } from "../../core/access-key.ts";
import { parseDuration } from "../../core/duration.ts";
import { AppError } from "../../core/errors.ts";
import { type Scope, scopes } from "../../core/principal.ts";
import { didYouMean } from "../../core/suggest.ts";
import { defaultTenant } from "../../core/tenant.ts";
import type { CliContext, GlobalOptions, Register } from "../context.ts";
import { minuteWords } from "../moment.ts";
import { authorHere } from "../route/change-routing.ts";
import { headedTable } from "../table.ts";

interface CreateOptions extends GlobalOptions {
  readonly name: string;
  readonly tenant?: string;
  readonly scope: string;
  readonly expires?: string;
}

/** `switchyard keys create | list | revoke | rotate`: straight in Redis, for nobody has a key before the first one is made. */
export const registerKeys: Register = (program, context) => {
  const keys = program.command("keys").description("keys to the API, made and taken back straight in Redis");
  registerCreate(keys, context);
  keys
    .command("list")
    .description("the keys, without what they are made of")
    .action(async (_options, command: Command) => {
      const { json, tenant }: GlobalOptions = command.optsWithGlobals();
      const found = await withStore(context, (store) => store.list(tenant));
      const { output } = context;
      if (json) return output.json({ keys: found });
      if (found.length === 0) return output.note("No keys: whoever reaches the API may do everything.");
      const heads = ["id", "name", "tenant", "scope", "last used (UTC)", "state"];
      const rows = found.map((key) => cells(key, Date.now()));
      output.print(...headedTable(heads, rows, output.paint));
    });
  keys
    .command("revoke")
    .description("take a key back, for good")
    .argument("<id>", "of the key, as `keys list` shows it")
    .action(async (id: string, _options, command: Command) => {
      const { json }: GlobalOptions = command.optsWithGlobals();
      const key = await changed(context, { what: "keys revoke", path: id }, (store) => store.revoke(id));
      if (json) context.output.json(key);
      else context.output.print(`${key.name} (${id}) is revoked`);
    });
  keys
    .command("rotate")
    .description("give a key another secret under the same id")
    .argument("<id>", "of the key")
    .option("--grace <duration>", "time for which the secret before opens too, such as 1h (default: none)")
    .action(async (id: string, _options, command: Command) => {
      const { grace, json }: GlobalOptions & { readonly grace?: string } = command.optsWithGlobals();
      const graceMs = grace === undefined ? 0 : durationOf(grace, "--grace");
      tell(
        context,
        json,
        await changed(context, { what: "keys rotate", path: id }, (store) => store.rotate(id, graceMs)),
      );
    });
};

function registerCreate(keys: Command, context: CliContext): void {
  keys
    .command("create")
    .description("make a key; it is printed this once")
    .requiredOption("--name <name>", "for lists, histories and the audit log")
    .requiredOption("--scope <scope>", `what it may do: ${scopes.join(", ")}; each holds those before it`)
    .option("--tenant <tenant>", "whose runs it sees (default: default)")
    .option("--expires <duration>", "time from now, such as 90d (default: never)")
    .action(async (_options, command: Command) => {
      const { name, tenant, scope, expires, json }: CreateOptions = command.optsWithGlobals();
      if (tenant !== undefined && !isTenant(tenant))
        throw new AppError("usage", { message: `--tenant must be ${tenantForm}.` });
      const request = {
        name,
        scopes: scopesOf(scope),
        ...(tenant === undefined ? {} : { tenant }),
        ...(expires === undefined ? {} : { expiresInMs: durationOf(expires, "--expires") }),
      };
      tell(
        context,
        json,
        await changed(context, { what: "keys create", path: name }, (store) => store.create(request)),
      );
    });
}

async function withStore<T>(context: CliContext, act: (store: KeyStore) => Promise<T>): Promise<T> {
  const { withAccess } = await import("../../access/open.ts");
  const { settingsHere } = await import("../settings-here.ts");
  return withAccess(settingsHere(context), ({ store }) => act(store));
}

/** Changes something of the keys, and writes it into the audit log as a server would. */
async function changed<T extends AccessKey>(
  context: CliContext,
  about: Pick<AuditAsked, "what" | "path">,
  act: (store: KeyStore) => Promise<T>,
): Promise<T> {
  const { withAccess } = await import("../../access/open.ts");
  const { settingsHere } = await import("../settings-here.ts");
  return withAccess(settingsHere(context), async ({ store, audit }) => {
    const by = `cli ${authorHere(context.env)}`;
    const id = await audit.begin({ tenant: defaultTenant, by, keyId: null, from: hostname(), ...about });
    try {
      const key = await act(store);
      await audit.end(id, { status: 200, made: `/v1/keys/${key.id}` });
      return key;
    } catch (error) {
      const { status, code } = error instanceof AppError ? error : new AppError("internal", { cause: error });
      // The command's own failure is what its user must see.
      await audit.end(id, { status, error: code }).catch(() => undefined);
      throw error;
    }
  });
}

function tell({ output }: CliContext, json: boolean | undefined, key: NewAccessKey): void {
  if (json) output.json(key);
  else output.print(key.key);
  if (json) return;
  output.note(
    `${key.name}: ${key.scopes.at(-1)} of tenant ${key.tenant}${key.expiresAt === null ? "" : `, until ${minuteWords(key.expiresAt)} UTC`}. It is shown this once; commands take it from SWITCHYARD_API_KEY.`,
  );
}

/** @throws AppError usage */
function scopesOf(text: string): readonly Scope[] {
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const isScope = (name: string): name is Scope => scopes.some((scope) => scope === name);
  const wrong = names.find((name) => !isScope(name));
  if (names.length > 0 && wrong === undefined) return names.filter(isScope);
  const message = `--scope is ${wrong ?? "empty"}; allowed: ${scopes.join(", ")}.${didYouMean(wrong ?? "", scopes)}`;
  throw new AppError("usage", { message });
}

/** @throws AppError usage */
function durationOf(text: string, option: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new AppError("usage", { message: `${option} is ${text}; allowed: a duration such as 30m, 12h, 90d.` });
}

function cells({ id, name, tenant, scopes: held, lastUsedAt, expiresAt, revokedAt }: AccessKey, now: number): string[] {
  const isOver = expiresAt !== null && expiresAt <= now;
  const ends = expiresAt === null ? "valid" : `${isOver ? "expired" : "until"} ${minuteWords(expiresAt)}`;
  const state = revokedAt === null ? ends : `revoked ${minuteWords(revokedAt)}`;
  return [id, name, tenant, held.at(-1) ?? "", lastUsedAt === null ? "never" : minuteWords(lastUsedAt), state];
}

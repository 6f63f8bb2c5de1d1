import type { Command } from "commander";
import type { AuditEntry } from "../../core/audit.ts";
import { type CliContext, clientFor, type GlobalOptions, type Register } from "../context.ts";
import { momentWords } from "../moment.ts";
import { wholeNumber } from "../number-option.ts";
import { headedTable } from "../table.ts";

interface AuditOptions extends GlobalOptions {
  readonly limit?: number;
  readonly before?: string;
  readonly export?: boolean;
}

/** `switchyard audit`: who changed what. */
export const registerAudit: Register = (program, context) => {
  program
    .command("audit")
    .description("who changed what, the newest first (needs a key with admin, where keys are asked for)")
    .option("--limit <n>", "entries (default: 50)", wholeNumber(1, 1_000))
    .option("--before <id>", "go on behind this entry")
    .option("--export", "the whole log, a line of JSON for each entry")
    .action(async (_options, command: Command) => {
      const { limit = 50, before, export: whole, ...flags }: AuditOptions = command.optsWithGlobals();
      if (whole) return exportAll(flags, context);
      const page = await clientFor(flags, context).access.audit({ limit, ...(before === undefined ? {} : { before }) });
      const { output } = context;
      if (flags.json) return output.json(page);
      if (page.entries.length === 0) return output.note("Nothing was changed yet.");
      const heads = ["when (UTC)", "who", "tenant", "what", "from", "result"];
      output.print(...headedTable(heads, page.entries.map(cells), output.paint));
      if (page.next) output.note(`more: switchyard audit --before ${page.next}`);
    });
};

async function exportAll(flags: GlobalOptions, context: CliContext): Promise<void> {
  for await (const line of clientFor(flags, context).access.auditLines()) context.output.print(line);
}

function cells({ at, by, tenant, what, path, from, status, error }: AuditEntry): string[] {
  const isRequest = path.startsWith("/") && /^[A-Z]+ /.test(what);
  const shown = isRequest ? `${what.slice(0, what.indexOf(" "))} ${path}` : `${what} ${path}`.trim();
  return [momentWords(at), by, tenant, shown, from, status === null ? "unknown" : `${status} ${error ?? ""}`.trim()];
}

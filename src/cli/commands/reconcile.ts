import type { Command } from "commander";
import type { Reconciled } from "../../engine/engine.ts";
import type { GlobalOptions, Register } from "../context.ts";

/** `switchyard reconcile`: adds the jobs that open runs need and Redis no longer has, and removes those that nobody needs. */
export const registerReconcile: Register = (program, context) => {
  program
    .command("reconcile")
    .description(
      "re-add jobs of open runs that were lost or deleted, remove left-over ones of ended runs (a worker does it by itself, too)",
    )
    .action(async (_options, command: Command) => {
      const { json }: GlobalOptions = command.optsWithGlobals();
      const { createApp } = await import("../../app.ts");
      const { createLog } = await import("../../telemetry/log.ts");
      const { settingsHere } = await import("../settings-here.ts");
      const app = await createApp({ settings: settingsHere(context), roles: {}, log: createLog("warn") });
      try {
        const result = await app.engine.reconcile();
        if (json) context.output.json(result);
        else context.output.print(wordsOf(result));
      } finally {
        await app.close();
      }
    });
};

function wordsOf({ runs, added, removed }: Reconciled): string {
  return `${runs} open runs looked at, ${added} missing jobs added, ${removed} left-over jobs removed`;
}

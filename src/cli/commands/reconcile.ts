import type { Command } from "commander";
import type { GlobalOptions, Register } from "../context.ts";

/** `switchyard reconcile`: adds the jobs that open runs need and Redis no longer has. */
export const registerReconcile: Register = (program, context) => {
  program
    .command("reconcile")
    .description("re-add the jobs of open runs that were lost or deleted (a worker does it by itself, too)")
    .action(async (_options, command: Command) => {
      const { json }: GlobalOptions = command.optsWithGlobals();
      const { createApp } = await import("../../app.ts");
      const { createLog } = await import("../../telemetry/log.ts");
      const { settingsHere } = await import("../settings-here.ts");
      const app = await createApp({ settings: settingsHere(context), roles: {}, log: createLog("warn") });
      try {
        const result = await app.engine.reconcile();
        if (json) context.output.json(result);
        else context.output.print(`${result.runs} open runs looked at, ${result.added} missing jobs added`);
      } finally {
        await app.close();
      }
    });
};

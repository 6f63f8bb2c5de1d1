import type { Command } from "commander";
import { readNote } from "../address.ts";
import type { GlobalOptions, Register } from "../context.ts";

/** `switchyard reconcile`: adds the jobs that open runs need and Redis no longer has. */
export const registerReconcile: Register = (program, context) => {
  program
    .command("reconcile")
    .description("re-add the jobs of open runs that were lost or deleted (a worker does it by itself, too)")
    .action(async (_options, command: Command) => {
      const { json }: GlobalOptions = command.optsWithGlobals();
      const { createApp } = await import("../../app.ts");
      const { loadSettings } = await import("../../config/load.ts");
      const { createLog } = await import("../logger.ts");
      const settings = loadSettings(context);
      // The Redis of a `dev` that runs in this folder has no address in the settings.
      const redisUrl = settings.redisUrl ?? readNote(context.cwd)?.redisUrl ?? null;
      const app = await createApp({
        settings: { ...settings, redisUrl },
        roles: {},
        log: createLog("warn"),
      });
      try {
        const result = await app.engine.reconcile();
        if (json) context.output.json(result);
        else context.output.print(`${result.runs} open runs looked at, ${result.added} missing jobs added`);
      } finally {
        await app.close();
      }
    });
};

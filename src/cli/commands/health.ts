import { hostname } from "node:os";
import type { Command } from "commander";
import { exitWith, type GlobalOptions, type Register } from "../context.ts";
import { exitCodes } from "../failure.ts";

interface HealthOptions extends GlobalOptions {
  readonly worker?: boolean;
}

/** `switchyard health`: whether Redis answers and who works. What container health checks call. */
export const registerHealth: Register = (program, context) => {
  program
    .command("health")
    .description("whether Redis answers, what waits, and which workers there are")
    .option("--worker", "exit with 1 unless a worker of this host is among them")
    .action(async (_options, command: Command) => {
      const { json, worker }: HealthOptions = command.optsWithGlobals();
      const { createApp } = await import("../../app.ts");
      const { createLog } = await import("../../telemetry/log.ts");
      const { settingsHere } = await import("../settings-here.ts");
      const app = await createApp({ settings: settingsHere(context), roles: {}, log: createLog("silent") });
      try {
        const { queues, workers, ...health } = await app.engine.health();
        const redisMs = Math.round(health.redisMs * 10) / 10;
        const open = Object.entries(queues).map(([queue, count]) => `${queue} ${count}`);
        if (json) context.output.json({ redisMs, queues, workers });
        else {
          const { output } = context;
          output.print(`Redis    answers in ${redisMs.toFixed(1)} ms`, `jobs     ${open.join(", ")}`);
          output.print(`workers  ${workers.length === 0 ? "none" : workers.join(", ")}`);
        }
        if (worker && !workers.some((name) => name.startsWith(`${hostname()}:`))) exitWith(exitCodes.runFailed);
      } finally {
        await app.close();
      }
    });
};

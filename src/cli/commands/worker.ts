import type { Command } from "commander";
import type { Register } from "../context.ts";
import type { ProcessOptions } from "../process.ts";

/** `switchyard worker`: executes steps; any number of them share the work. */
export const registerWorker: Register = (program, context) => {
  program
    .command("worker")
    .description("execute the steps of runs; start as many as you like")
    .option("--concurrency <n>", "steps at a time (default: 20)")
    .action(async (_options, command: Command) => {
      const options: ProcessOptions = command.optsWithGlobals();
      // Loaded on use: the commands that only talk to a server start in a fifth of the time without it.
      const { runProcess } = await import("../process.ts");
      return runProcess({ options, context, roles: { worker: true } });
    });
};

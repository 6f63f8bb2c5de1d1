import type { Command } from "commander";
import type { Register } from "../context.ts";
import type { ProcessOptions } from "../process.ts";

/** `switchyard dev`: API, worker and, unless REDIS_URL is set, a Redis of its own; all in one process. */
export const registerDev: Register = (program, context) => {
  program
    .command("dev")
    .description("everything in one process: API, worker, and its own Redis unless REDIS_URL is set")
    .option("--host <host>", "address to listen on (default: 127.0.0.1)")
    .option("--port <port>", "port to listen on, 0 for any free one (default: 7700)")
    .option("--concurrency <n>", "steps at a time (default: 20)")
    .action(async (_options, command: Command) => {
      const options: ProcessOptions = command.optsWithGlobals();
      // Loaded on use: the commands that only talk to a server start in a fifth of the time without it.
      const { runProcess } = await import("../process.ts");
      return runProcess({ options, context, roles: { api: true, worker: true }, embedded: true });
    });
};

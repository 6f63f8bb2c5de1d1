import type { Command } from "commander";
import type { Register } from "../context.ts";
import type { ProcessOptions } from "../process.ts";

/** `switchyard serve`: the API alone; workers are other processes. */
export const registerServe: Register = (program, context) => {
  program
    .command("serve")
    .description("serve the API; `switchyard worker` processes do the work")
    .option("--host <host>", "address to listen on (default: 127.0.0.1)")
    .option("--port <port>", "port to listen on, 0 for any free one (default: 7700)")
    .action(async (_options, command: Command) => {
      const options: ProcessOptions = command.optsWithGlobals();
      // Loaded on use: the commands that only talk to a server start in a fifth of the time without it.
      const { runProcess } = await import("../process.ts");
      return runProcess({ options, context, roles: { api: true } });
    });
};

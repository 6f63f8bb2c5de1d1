import type { Command } from "commander";
import type { Register } from "../context.ts";
import type { DemoOptions } from "../demo/demo.ts";

/** `switchyard demo`: the whole thing on this machine, with an outage in the middle. */
export const registerDemo: Register = (program, context) => {
  program
    .command("demo")
    .description("watch a workflow finish although its provider dies in the middle")
    .option("--input <file>", "log file to report on (default: the shipped one)")
    .option(
      "--real",
      "use the providers of your environment (OPENAI_API_KEY, ..., an Ollama on its port) and no outage",
    )
    .action(async (_options, command: Command) => {
      const { runDemo } = await import("../demo/demo.ts");
      await runDemo(command.optsWithGlobals<DemoOptions>(), context);
    });
};

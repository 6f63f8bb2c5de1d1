import type { Command } from "commander";
import type { GlobalOptions, Register } from "../context.ts";
import { readText } from "../input.ts";
import { table } from "../table.ts";
import { wholeNumber } from "../whole-number.ts";

interface SimulateOptions extends GlobalOptions {
  readonly port: number;
  readonly script?: string;
}

/** `switchyard simulate`: simulated LLM providers with outages on demand or by script. */
export const registerSimulate: Register = (program, context) => {
  const { output, cwd, stop } = context;
  program
    .command("simulate")
    .description("simulated LLM providers, with outages by script or on demand")
    .option(
      "--port <port>",
      "port of the control API; the providers take the next ones (default: free ones)",
      wholeNumber(0, 65_529),
      0,
    )
    .option("--script <file>", "outages to play, YAML or JSON")
    .action(async (_options, command: Command) => {
      const { port, script, json }: SimulateOptions = command.optsWithGlobals();
      const { parseOutageScript, startSimulator } = await import("../../simulator/index.ts");
      const simulator = await startSimulator({
        port,
        ...(script === undefined ? {} : { script: parseOutageScript(await readText(script, cwd)) }),
      });
      try {
        const { controlUrl, providers, env } = simulator;
        if (json) output.json({ controlUrl, providers, env });
        else {
          output.print("No real model answers here.", "", `control  ${controlUrl}`, "");
          output.print(...table(providers.map(({ name, url }) => [name, url])), "");
          output.print(
            "In the terminal of `switchyard dev`:",
            ...Object.entries(env).map(([key, value]) => `  export ${key}=${value}`),
          );
        }
        await stop.requested;
      } finally {
        await simulator.close();
      }
    });
};

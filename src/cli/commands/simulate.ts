import type { Command } from "commander";
import type { GlobalOptions, Register } from "../context.ts";
import { readParsed } from "../input.ts";
import { wholeNumber } from "../number-option.ts";
import { table } from "../table.ts";

interface SimulateOptions extends GlobalOptions {
  readonly port?: number;
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
    )
    .option("--script <file>", "outages to play, YAML or JSON; example: workflows/rehearsals/outage.yaml")
    .addHelpText(
      "after",
      `\nAn outage by hand, and its end:\n  curl -X PUT URL/faults/openai -d '{"kind":"status","status":503}'\n  curl -X DELETE URL/faults/openai\nKinds: refuse, reset, status, latency, stall, hold, cut, malformed, error_body.`,
    )
    .action(async (_options, command: Command) => {
      const { port, script, json }: SimulateOptions = command.optsWithGlobals();
      const { parseOutageScript, scheduleOf, startSimulator } = await import("../../simulator/index.ts");
      const outages = script === undefined ? undefined : await readParsed(script, cwd, parseOutageScript);
      const simulator = await startSimulator({ port, ...(outages ? { script: outages } : {}) });
      try {
        const { controlUrl, providers, env } = simulator;
        if (json) output.json({ controlUrl, providers, env });
        else {
          const { paint } = output;
          output.print(paint.bold("Simulated providers: no real model answers here."), "");
          const rows = [["control", controlUrl], ...providers.map(({ name, url }) => [name, url])];
          output.print(...table(rows).map((line) => `  ${line}`), "");
          if (outages && script !== undefined) {
            output.print(paint.bold(`Outages of ${script}, counted from now`));
            output.print(...table(scheduleOf(outages).map((row) => [...row])).map((line) => `  ${line}`), "");
          }
          output.print(
            paint.bold("In the terminal of `switchyard dev`"),
            ...Object.entries(env).map(([key, value]) => `  export ${key}=${value}`),
            "",
            paint.bold("An outage by hand, and its end"),
            `  curl -X PUT ${controlUrl}/faults/openai -d '{"kind":"status","status":503}'`,
            `  curl -X DELETE ${controlUrl}/faults/openai`,
            "",
            "Ctrl-C ends it.",
          );
        }
        await stop.requested;
      } finally {
        await simulator.close();
      }
    });
};

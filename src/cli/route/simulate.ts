import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { AppError } from "../../core/errors.ts";
import type { CliContext, GlobalOptions } from "../context.ts";
import { readParsed } from "../input.ts";
import { wholeNumber } from "../number-option.ts";

interface RouteSimulateOptions extends GlobalOptions {
  readonly seed?: number;
  readonly svg?: string;
}

/** `switchyard route simulate SCENARIO`: replays a scenario through the router's decisions and rules. Needs no server and no Redis. */
export function registerRouteSimulate(route: Command, context: CliContext): void {
  const { output, cwd } = context;
  route
    .command("simulate")
    .description("replay a scenario of load and outages through the router's own decisions; needs no server")
    .argument("<scenario>", "YAML or JSON; examples: scenarios/")
    .option("--seed <n>", "other luck than the scenario's own seed", wholeNumber(0, 2_147_483_647))
    .option("--svg <file>", "draw the replay's course into a file")
    .action(async (file: string, _options, command: Command) => {
      const { seed, svg, json }: RouteSimulateOptions = command.optsWithGlobals();
      const { parseScenario } = await import("../../router/simulate/read-scenario.ts");
      const { replay } = await import("../../router/simulate/replay.ts");
      const scenario = await readParsed(file, cwd, parseScenario);
      const report = replay(seed === undefined ? scenario : { ...scenario, seed });
      if (svg !== undefined) {
        const { replayPlot } = await import("./plot/replay-plot.ts");
        await write(svg, cwd, replayPlot(report, file));
      }
      if (json) {
        output.json(report);
        return;
      }
      const { replayLines } = await import("./replay-lines.ts");
      output.print(...replayLines(report, file, output.paint));
      if (svg !== undefined) output.print("", `plot: ${svg}`);
    });
}

async function write(file: string, cwd: string, text: string): Promise<void> {
  try {
    await writeFile(resolve(cwd, file), text);
  } catch (error) {
    throw new AppError("usage", {
      message: `--svg ${file} cannot be written: ${(error as Error).message}.`,
      cause: error,
    });
  }
}

import type { Problems } from "./problems.ts";
import { readScalar } from "./read.ts";
import { readFolder } from "./read-folder.ts";
import { scalars } from "./scalar.ts";
import type { Settings } from "./settings.ts";
import type { Source } from "./source.ts";

/** What steps may reach. */
export type StepSettings = Pick<
  Settings,
  "stepEnv" | "stepVariables" | "httpAllow" | "functions" | "functionPackages" | "mcpCommands"
>;

/** Reads it. @param cwd folder that a path in a variable starts from; one in the file starts from the file's folder */
export function readStepSettings(source: Source, cwd: string, problems: Problems, warnings: string[]): StepSettings {
  const stepEnv = readScalar(scalars.stepEnv, source, problems);
  return {
    stepEnv,
    stepVariables: Object.fromEntries(stepEnv.map((name) => [name, source.env[name] ?? null])),
    httpAllow: readScalar(scalars.httpAllow, source, problems),
    functions: readFolder(scalars.functions, { source, cwd, problems, warnings }),
    functionPackages: readScalar(scalars.functionPackages, source, problems),
    mcpCommands: readScalar(scalars.mcpCommands, source, problems),
  };
}

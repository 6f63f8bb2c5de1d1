import { dirname, resolve } from "node:path";
import { AppError } from "../core/errors.ts";
import type { CheckedDefinition } from "../workflow/checked.ts";

/**
 * A definition with its machine, where it has one: from the folder of its file, else from the functions folder. The module is executed, as it is where the
 * workflow runs. @param file relative to `cwd`; `-` is standard input
 * @throws AppError machine_unknown, invalid_definition
 */
export async function withMachine(
  definition: CheckedDefinition,
  file: string,
  cwd: string,
  functions = process.env.SWITCHYARD_FUNCTIONS,
): Promise<CheckedDefinition> {
  if (!definition.machine) return definition;
  const { machineModules } = await import("../steps/machine-modules.ts");
  const beside = file === "-" ? cwd : dirname(resolve(cwd, file));
  try {
    return await machineModules(beside).load(definition);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "machine_unknown" || !functions) throw error;
    return machineModules(resolve(cwd, functions)).load(definition);
  }
}

import { basename } from "node:path";
import { strategyNames } from "../config/settings.ts";
import { AppError } from "../core/errors.ts";
import type { CheckedDefinition } from "../workflow/check.ts";
import { withMachine } from "./definition-machine.ts";
import { readText } from "./input.ts";

/**
 * Reads and checks a workflow file, as `switchyard validate` does. @param file relative to `cwd`; `-` is standard input.
 * @throws AppError invalid_definition with every problem and the file's name in `details.file`; file_unreadable.
 */
export async function readDefinition(file: string, cwd: string): Promise<CheckedDefinition> {
  const text = await readDefinitionText(file, cwd);
  const { checkDefinition } = await import("../workflow/check.ts");
  try {
    return await withMachine(checkDefinition(text, { fileName: file, strategies: strategyNames }), file, cwd);
  } catch (error) {
    throw inFile(error, file);
  }
}

/** The text of a workflow file. @throws AppError invalid_definition - it is a program; file_unreadable */
export async function readDefinitionText(file: string, cwd: string): Promise<string> {
  const text = await readText(file, cwd);
  if (!/\.[cm]?[jt]sx?$/.test(file)) return text;
  const message = `${file} is a program. A workflow is a YAML or JSON file; that of an XState machine names the machine's module: \`machine: { module: ./${basename(file)} }\`.`;
  throw new AppError("invalid_definition", { message, details: { file } });
}

/** The error with the name of the file that its lines belong to. What is no {@link AppError} stays as it is. */
export function inFile(error: unknown, file: string): unknown {
  if (!(error instanceof AppError)) return error;
  const { code, message, problems, details } = error;
  return new AppError(code, { message, problems, details: { ...details, file }, cause: error });
}

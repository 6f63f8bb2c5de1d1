import { writeFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { stringify } from "yaml";
import { AppError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";

/** Writes a plan's workflow to a file: JSON where the file is called so, else YAML. @throws AppError file_unwritable */
export async function writeDefinition(file: string, definition: JsonObject, cwd: string): Promise<void> {
  const isJson = extname(file) === ".json";
  const text = isJson ? `${JSON.stringify(definition, null, 2)}\n` : stringify(definition, { lineWidth: 120 });
  try {
    await writeFile(resolve(cwd, file), text);
  } catch (cause) {
    throw new AppError("file_unwritable", { message: `${file} cannot be written: ${(cause as Error).message}`, cause });
  }
}

import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Problems } from "./problems.ts";
import { readIfSet } from "./read.ts";
import type { Scalar } from "./scalar-forms.ts";
import type { Source } from "./source.ts";

/** What reading a folder needs. */
export interface FolderReading {
  readonly source: Source;
  /** Folder that a path in a variable starts from; one in the file starts from the file's folder. */
  readonly cwd: string;
  readonly problems: Problems;
  readonly warnings: string[];
}

/** The folder that a setting names, absolute; null: none. One that is not there is a warning. */
export function readFolder(
  scalar: Scalar<string | null>,
  { source, cwd, problems, warnings }: FolderReading,
): string | null {
  const { variable, path } = scalar;
  const value = readIfSet(scalar, source, problems);
  if (value === undefined || value === null) return null;
  const folder = resolve(source.find(variable, path)?.path === variable ? cwd : source.file.folder, value);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    warnings.push(`${variable} (${path.join(".")}) names ${folder}, and there is no such folder.`);
  return folder;
}

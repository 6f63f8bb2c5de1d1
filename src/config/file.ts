import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { isJsonObject } from "../core/json.ts";
import type { Origin, Problems } from "./problems.ts";

/** `switchyard.yaml` as read: plain data, and where each value stands. */
export interface SettingsFile {
  /** Its path as it was given; undefined: there is none. */
  readonly name?: string;
  /** Absolute path of the folder that relative paths in it start from; without a file the working folder. */
  readonly folder: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Origin of the value at a path, for problems. */
  at(path: readonly string[]): Origin;
}

/**
 * Reads the settings file. None named and none at ./switchyard.yaml: an empty one. Mistakes go to `problems`.
 * @param named path that somebody asked for, by variable or option: it must exist.
 */
export function readSettingsFile(cwd: string, named: string | undefined, problems: Problems): SettingsFile {
  const path = named ?? "switchyard.yaml";
  const absolute = resolve(cwd, path);
  const empty: SettingsFile = { data: {}, folder: resolve(cwd), at: (keys) => ({ path: keys.join(".") }) };
  const text = readText(absolute);
  if (text === undefined) {
    if (named !== undefined) problems.add({ path: "SWITCHYARD_CONFIG" }, `The file ${named} cannot be read.`);
    return empty;
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  for (const error of document.errors) {
    const { line, col } = lines.linePos(error.pos[0]);
    problems.add(
      { path, line, column: col },
      (error.message.split("\n")[0] ?? error.message).replace(/ at line.*$/, ""),
    );
  }
  if (document.errors.length > 0) return empty;
  const data: unknown = document.toJS();
  if (data === null || data === undefined) return empty;
  if (!isJsonObject(data)) {
    problems.add({ path }, "The file must hold keys and values (prefix: ..., routing: ...).");
    return empty;
  }
  return {
    name: path,
    folder: dirname(absolute),
    data,
    at(keys) {
      const node: unknown = document.getIn(keys, true);
      const range = hasRange(node) ? node.range : undefined;
      if (!range) return { path: keys.join(".") };
      const { line, col } = lines.linePos(range[0]);
      return { path: keys.join("."), line, column: col };
    },
  };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Absent or unreadable: the caller knows whether that is a mistake.
    return undefined;
  }
}

function hasRange(node: unknown): node is { readonly range: readonly [number, number, number] } {
  return typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range);
}

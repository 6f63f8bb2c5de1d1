import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { isJsonObject } from "../core/json.ts";
import type { Origin, Problems } from "./problems.ts";

/** `switchyard.yaml` as read: plain data, and where each value stands. */
export interface SettingsFile {
  /** Its path as it was given; undefined: there is none. */
  readonly name?: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Origin of the value at a path, for problems. */
  at(path: readonly string[]): Origin;
}

const empty: SettingsFile = { data: {}, at: (path) => ({ path: path.join(".") }) };

/**
 * Reads the settings file. None named and none at ./switchyard.yaml: an empty one. Mistakes go to `problems`.
 * @param named path that somebody asked for, by variable or option: it must exist.
 */
export function readSettingsFile(cwd: string, named: string | undefined, problems: Problems): SettingsFile {
  const path = named ?? "switchyard.yaml";
  const text = readText(isAbsolute(path) ? path : join(cwd, path));
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

import { readFileSync } from "node:fs";
import { resolve as resolvePath } from "node:path";
import { isJsonObject } from "../core/json.ts";
import type { SettingsFile } from "./file.ts";
import type { Origin, Problems } from "./problems.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A value that was set, and where. */
export interface Found extends Origin {
  readonly value: unknown;
  /** The value as it may be shown: references unresolved, long text cut. */
  readonly shown: string;
}

/** Both places a setting can stand in; the environment wins. */
export interface Source {
  readonly env: Environment;
  readonly file: SettingsFile;
  /** The setting's value, or undefined where neither place sets it. An empty variable counts as not set. */
  find(variable: string | undefined, path: readonly string[]): Found | undefined;
}

/** Reads from the environment first, then from the file, whose strings may hold references: `${VARIABLE}`, `${file:PATH}`. */
export function createSource(env: Environment, file: SettingsFile, problems: Problems): Source {
  return {
    env,
    file,
    find(variable, path) {
      const text = variable === undefined ? undefined : env[variable];
      if (variable !== undefined && text !== undefined && text.trim() !== "") {
        return { value: text.trim(), shown: shown(text.trim()), path: variable };
      }
      const raw = valueAt(file.data, path);
      if (raw === undefined || raw === null) return undefined;
      const origin = file.at(path);
      return { value: resolve(raw, { env, folder: file.folder, origin, problems }), shown: shown(raw), ...origin };
    },
  };
}

/** Reads plain data with the file's keys: no variable counts, and what looks like a reference is text. */
export function createDataSource(data: Readonly<Record<string, unknown>>): Source {
  const file: SettingsFile = { data, folder: "", at: (path) => ({ path: path.join(".") }) };
  return {
    env: {},
    file,
    find(_variable, path) {
      const value = valueAt(data, path);
      return value === undefined || value === null ? undefined : { value, shown: shown(value), ...file.at(path) };
    },
  };
}

/** A member of a found mapping or list: with its own place if the file has it, else with the place of the whole. */
export function below(source: Source, parent: Found, path: readonly string[], value: unknown): Found {
  const isOfFile = parent.path === path.slice(0, -1).join(".") && typeof parent.value === "object";
  if (!isOfFile) return { ...parent, value, shown: shown(value) };
  // Shown with its references unresolved: they may stand for secrets.
  return { value, shown: shown(valueAt(source.file.data, path) ?? value), ...source.file.at(path) };
}

/** The value at a path of nested plain objects and lists. */
export function valueAt(data: unknown, path: readonly string[]): unknown {
  let value: unknown = data;
  for (const key of path) {
    if (Array.isArray(value)) value = value[Number(key)];
    else if (isJsonObject(value) && Object.hasOwn(value, key)) value = value[key];
    else return undefined;
  }
  return value;
}

/** Where references are looked up, and who hears of those that lead nowhere. */
interface References {
  readonly env: Environment;
  readonly folder: string;
  readonly origin: Origin;
  readonly problems: Problems;
}

function resolve(raw: unknown, references: References): unknown {
  if (Array.isArray(raw)) return raw.map((item) => resolve(item, references));
  if (isJsonObject(raw)) {
    return Object.fromEntries(Object.entries(raw).map(([key, item]) => [key, resolve(item, references)]));
  }
  if (typeof raw !== "string") return raw;
  return raw.replace(/\$\{([^}]*)\}/g, (_, name: string) =>
    name.startsWith("file:") ? textOfFile(name.slice("file:".length).trim(), references) : variable(name, references),
  );
}

function variable(name: string, { env, origin, problems }: References): string {
  const value = env[name];
  if (value === undefined) problems.add(origin, `\${${name}} refers to an environment variable that is not set.`);
  return value ?? "";
}

/** What a file holds, without the blanks and line ends around it: a secret as Docker and Kubernetes mount it. */
function textOfFile(path: string, { folder, origin, problems }: References): string {
  try {
    const text = readFileSync(resolvePath(folder, path), "utf8").trim();
    if (text === "") problems.add(origin, `\${file:${path}} refers to a file that is empty.`);
    return text;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    problems.add(origin, `\${file:${path}} refers to a file that cannot be read (${code}).`);
    return "";
  }
}

/** A value as a message may repeat it: one in the wrong place may be a key, so what looks like one is hidden; long text is cut. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  if (/\b(sk|key|pk|AIza|AKIA|gsk|hf)[-_]?[A-Za-z0-9_-]{12,}|\/\/[^/\s]*@/.test(text)) return "(hidden)";
  if (/(?=[A-Za-z0-9_/+-]*\d)(?=[A-Za-z0-9_/+-]*[A-Za-z])[A-Za-z0-9_/+-]{32,}/.test(text)) return "(hidden)";
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

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

/** Reads from the environment first, then from the file, whose strings may hold `${VARIABLE}` references. */
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
      return { value: resolve(raw, env, origin, problems), shown: shown(raw), ...origin };
    },
  };
}

/** The value at a path of nested plain objects. */
function valueAt(data: unknown, path: readonly string[]): unknown {
  let value: unknown = data;
  for (const key of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

function resolve(raw: unknown, env: Environment, origin: Origin, problems: Problems): unknown {
  if (Array.isArray(raw)) return raw.map((item) => resolve(item, env, origin, problems));
  if (isJsonObject(raw)) {
    return Object.fromEntries(Object.entries(raw).map(([key, item]) => [key, resolve(item, env, origin, problems)]));
  }
  if (typeof raw !== "string") return raw;
  return raw.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = env[name];
    if (value === undefined) problems.add(origin, `\${${name}} refers to an environment variable that is not set.`);
    return value ?? "";
  });
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  // A value in the wrong place may be a key: what looks like one is not repeated.
  if (/\b(sk|key|pk|AIza)[-_]?[A-Za-z0-9_-]{12,}|\/\/[^/\s]*@/.test(text)) return "(hidden)";
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

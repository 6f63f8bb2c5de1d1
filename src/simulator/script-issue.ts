import type { z } from "zod";
import { didYouMean } from "../core/suggest.ts";
import { faultKinds } from "./fault.ts";
import { simulatedNames } from "./vendors/vendor.ts";

/** One mistake of a script: where, and in words. `key`: it is the key itself that is wrong. */
export interface ScriptMistake {
  readonly path: readonly PropertyKey[];
  readonly key?: string;
  readonly message: string;
}

const topKeys = ["seed", "latency", "outages"];
const outageKeys = ["provider", "from", "to", "fault"];
const scopeKeys = ["match", "probability", "times"];
const faultKeys: Readonly<Record<string, readonly string[]>> = {
  refuse: ["kind"],
  status: ["kind", "status", "retry_after", "body", ...scopeKeys],
  latency: ["kind", "ms", ...scopeKeys],
  stall: ["kind", "after_bytes", ...scopeKeys],
  cut: ["kind", "after_bytes", ...scopeKeys],
};

/** A schema's complaint in words that say what is allowed, with a did-you-mean. One complaint may name many keys. @param script what was read. */
export function describeIssue(issue: z.core.$ZodIssue, script: unknown): readonly ScriptMistake[] {
  const { path } = issue;
  const value = valueAt(script, path);
  if (issue.code === "unrecognized_keys") {
    const allowed = allowedKeys(path, value);
    return issue.keys.map((key) => ({
      path,
      key,
      message: `is not known here; allowed: ${allowed.join(", ")}.${didYouMean(key, allowed)}`,
    }));
  }
  if (issue.code === "invalid_union" && path.at(-1) === "kind") return [{ path, message: oneOf(value, faultKinds) }];
  if (path.length === 1 && path[0] === "latency") {
    return [
      {
        path,
        message: "must be a duration such as 200ms, or min and max, the smaller first: { min: 100ms, max: 400ms }.",
      },
    ];
  }
  if (issue.code === "invalid_value" && path.at(-1) === "provider") {
    return [{ path, message: oneOf(value, simulatedNames) }];
  }
  if (value === undefined) return [{ path, message: "is missing." }];
  return [{ path, message: `${issue.message.replace(/^Invalid input: /, "").replace(/\.$/, "")}.` }];
}

function oneOf(value: unknown, allowed: readonly string[]): string {
  const said = value === undefined ? "is missing" : `is ${JSON.stringify(value)}`;
  return `${said}; allowed: ${allowed.join(", ")}.${typeof value === "string" ? didYouMean(value, allowed) : ""}`;
}

function allowedKeys(path: readonly PropertyKey[], value: unknown): readonly string[] {
  if (path.length === 0) return topKeys;
  if (path.at(-1) === "latency") return ["min", "max"];
  if (path.at(-1) !== "fault") return outageKeys;
  const kind = (value as { readonly kind?: unknown } | undefined)?.kind;
  return faultKeys[String(kind)] ?? ["kind", ...scopeKeys];
}

function valueAt(from: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], from);
}

import { z } from "zod";
import { didYouMean } from "../core/suggest.ts";
import type { Path } from "./path.ts";
import type { ProblemList } from "./problem-list.ts";

type RawIssue = z.core.$ZodRawIssue;

const nouns: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

/** Reads a part of a definition by its schema and reports what is wrong with it. @returns undefined if anything is. */
export function readShape<T>(schema: z.ZodType<T>, value: unknown, path: Path, problems: ProblemList): T | undefined {
  const result = schema.safeParse(value, { error: sentence });
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const at = [...path, ...(issue.path as Path)];
    if (issue.code !== "unrecognized_keys") problems.add(at, issue.message);
    else {
      const sentences = issue.message.split("\n");
      for (const [index, key] of issue.keys.entries())
        problems.addKey([...at, key], sentences[index] ?? "unknown key.");
    }
  }
  return undefined;
}

/** Any JSON object, unchecked. */
export const anyObject = z.record(z.string(), z.json());

/** What is wrong, what is allowed. For unknown keys one sentence each, a line each. */
function sentence(issue: RawIssue): string {
  switch (issue.code) {
    case "invalid_type": {
      const noun = nouns[issue.expected] ?? issue.expected;
      return issue.input === undefined
        ? `is missing; it must be ${noun}.`
        : `must be ${noun}, not ${kindOf(issue.input)}.`;
    }
    case "invalid_value": {
      const allowed = issue.values.map(String);
      const got = typeof issue.input === "string" ? didYouMean(issue.input, allowed) : "";
      return `must be ${allowed.length === 1 ? allowed[0] : `one of ${allowed.join(", ")}`}.${got}`;
    }
    case "unrecognized_keys": {
      const known = knownKeys(issue.inst);
      const otherwise = known.length > 0 ? ` Known keys: ${known.join(", ")}.` : "";
      return issue.keys.map((key) => `unknown key.${didYouMean(key, known) || otherwise}`).join("\n");
    }
    case "too_small":
      return tooSmall(issue.origin, Number(issue.minimum), issue.inclusive ?? true);
    case "too_big":
      return `must be ${sized(issue.origin, `at most ${issue.maximum}`)}.`;
    default:
      return issue.message ?? "is not allowed here.";
  }
}

function tooSmall(origin: string, minimum: number, inclusive: boolean): string {
  if (minimum === 1 && origin === "string") return "must not be empty.";
  if (minimum === 1 && origin === "array") return "must not be an empty list.";
  return `must be ${sized(origin, `${inclusive ? "at least" : "more than"} ${minimum}`)}.`;
}

function sized(origin: string, bound: string): string {
  if (origin === "string") return `${bound} characters long`;
  return origin === "array" ? `a list of ${bound}` : bound;
}

function kindOf(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  return nouns[typeof value] ?? typeof value;
}

function knownKeys(schema: unknown): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

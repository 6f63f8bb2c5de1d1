import { z } from "zod";
import { didYouMean } from "./suggest.ts";

type RawIssue = z.core.$ZodRawIssue;

/** One thing that a schema finds wrong: where, and in words to follow the path. `key`: the member's name itself is wrong. */
export interface ShapeProblem {
  readonly path: readonly PropertyKey[];
  readonly key?: string;
  readonly message: string;
}

/** A value as its schema reads it, or everything that is wrong with it. */
export type ReadShape<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly ShapeProblem[] };

/**
 * Reads a value by its schema. What is wrong is told as sentences that follow the path: what is allowed, and what was probably meant.
 * A schema's own `error` wins over them.
 */
export function readShape<T>(schema: z.ZodType<T>, value: unknown): ReadShape<T> {
  const result = schema.safeParse(value, { error: sentence });
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, problems: result.error.issues.flatMap(problemsOf) };
}

/** Problems on one line: `hints.max_calls: must be at least 1. workflw: unknown key. Did you mean workflow?` */
export function listed(problems: readonly { readonly path: string; readonly message: string }[]): string {
  return problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join(" ");
}

/** A problem's place as text: `hints.max_calls`. */
export function placeOf({ path, key }: ShapeProblem): string {
  return [...path, ...(key === undefined ? [] : [key])].map(String).join(".");
}

/** A schema may find many unknown keys in one issue; each is a problem of its own, with a sentence of its own. */
function problemsOf(issue: z.core.$ZodIssue): ShapeProblem[] {
  const { path, message } = issue;
  if (issue.code === "invalid_key") {
    const key = String(path.at(-1));
    return [{ path: path.slice(0, -1), key, message: issue.issues[0]?.message ?? message }];
  }
  const inner = issue.code === "invalid_union" ? takenBranch(issue) : undefined;
  if (inner) return inner.flatMap(problemsOf).map((problem) => ({ ...problem, path: [...path, ...problem.path] }));
  if (issue.code !== "unrecognized_keys") return [{ path, message }];
  const sentences = message.split("\n");
  return issue.keys.map((key, index) => ({ path, key, message: sentences[index] ?? "unknown key." }));
}

/** Of a union the one member that takes the value's type, and finds the mistake inside it. */
function takenBranch({ errors }: Extract<z.core.$ZodIssue, { code: "invalid_union" }>) {
  const branches = errors.filter(([first]) => first !== undefined && first.path.length > 0);
  return branches.length === 1 ? branches[0] : undefined;
}

const nouns: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

/** What is wrong, what is allowed. For unknown keys one sentence each, a line each. */
function sentence(issue: RawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return wrongType(issue.input, nouns[issue.expected] ?? issue.expected);
    case "invalid_value":
      return notOneOf(issue.input, issue.values.map(String));
    case "invalid_union":
      return noBranch(issue);
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

function wrongType(input: unknown, noun: string): string {
  if (input === undefined) return `is missing; it must be ${noun}.`;
  // A number that is not whole, or a text that was to be read as a number: the noun says it already.
  const isNear = typeof input === "number" && noun.endsWith("number");
  return isNear ? `must be ${noun}.` : `must be ${noun}, not ${kindOf(input)}.`;
}

function notOneOf(input: unknown, allowed: readonly string[]): string {
  const lead = input === undefined ? "is missing; it must be" : "must be";
  const got = typeof input === "string" ? didYouMean(input, allowed) : "";
  return `${lead} ${allowed.length === 1 ? allowed[0] : `one of ${allowed.join(", ")}`}.${got}`;
}

/** No member of a union takes the value: the one that takes its type says why, or all types are named. */
function noBranch(issue: Extract<RawIssue, { code: "invalid_union" }>): string {
  const { discriminator, options, input } = issue;
  if (discriminator !== undefined && Array.isArray(options)) {
    const object = typeof input === "object" && input !== null ? (input as Readonly<Record<string, unknown>>) : {};
    return notOneOf(object[discriminator], options.map(String));
  }
  const types = issue.errors.flatMap(([first]) =>
    first?.code === "invalid_type" && first.path.length === 0 ? [nouns[first.expected] ?? first.expected] : [],
  );
  const inner = issue.errors.find(([first]) => first && !(first.code === "invalid_type" && first.path.length === 0));
  if (inner?.[0]?.path.length === 0) return inner[0].message;
  return types.length === 0 ? "is not allowed here." : wrongType(input, types.join(" or "));
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

import { z } from "zod";
import { AppError, type Problem } from "../core/errors.ts";
import { didYouMean } from "../core/suggest.ts";

/**
 * A part of a request, checked and completed by its schema.
 * @param part what it is, for the message: `body`, `query`. @throws AppError bad_request with every problem.
 */
export function checked<S extends z.ZodObject>(schema: S, value: unknown, part: string): z.output<S> {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => toProblems(issue, schema));
  throw new AppError("bad_request", { message: `The request's ${part} has mistakes.`, problems });
}

function toProblems(issue: z.core.$ZodIssue, schema: z.ZodObject): Problem[] {
  const path = issue.path.map(String).join(".");
  if (issue.code !== "unrecognized_keys") return [{ path, message: issue.message }];
  const known = knownKeys(schema, issue.path);
  return issue.keys.map((key) => ({
    path: path ? `${path}.${key}` : key,
    message: `Unknown field ${key}.${didYouMean(key, known)} Allowed: ${known.join(", ")}.`,
  }));
}

function knownKeys(schema: z.ZodObject, path: readonly PropertyKey[]): readonly string[] {
  let current: unknown = schema;
  for (const key of path) {
    if (!(current instanceof z.ZodObject)) return [];
    const member: unknown = current.shape[String(key)];
    current = member instanceof z.ZodOptional ? member.unwrap() : member;
  }
  return current instanceof z.ZodObject ? Object.keys(current.shape) : [];
}

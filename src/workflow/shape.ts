import { z } from "zod";
import { readShape as read } from "../core/zod-problem.ts";
import type { Path } from "./path.ts";
import type { ProblemList } from "./problem-list.ts";

/** Reads a part of a definition by its schema and reports what is wrong with it. @returns undefined if anything is. */
export function readShape<T>(schema: z.ZodType<T>, value: unknown, path: Path, problems: ProblemList): T | undefined {
  const result = read(schema, value);
  if (result.ok) return result.value;
  for (const { path: inner, key, message } of result.problems) {
    const at = [...path, ...(inner as Path)];
    if (key === undefined) problems.add(at, message);
    else problems.addKey([...at, key], message);
  }
  return undefined;
}

/** Any JSON object, unchecked. */
export const anyObject = z.record(z.string(), z.json());

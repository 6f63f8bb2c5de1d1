import { z } from "zod";
import { isJsonObject } from "../core/json.ts";
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

/**
 * As {@link readShape}, for an object whose members say things apart from each other. @returns what those members say that are right, so that
 * the others hide no mistake in them; undefined if that is too little.
 */
export function readMembers<T>(schema: z.ZodType<T>, value: unknown, path: Path, problems: ProblemList): T | undefined {
  const whole = readShape(schema, value, path, problems);
  if (whole !== undefined || !isJsonObject(value)) return whole;
  const result = read(schema, value);
  const wrong = result.ok ? [] : result.problems.map(({ path: inner, key }) => String(inner[0] ?? key));
  const rest = read(schema, Object.fromEntries(Object.entries(value).filter(([key]) => !wrong.includes(key))));
  return rest.ok ? rest.value : undefined;
}

/** Any JSON object, unchecked. */
export const anyObject = z.record(z.string(), z.json());

/** A JSON Schema that an author writes. Whether it is one is checked apart; editors are told so. */
export const authorSchema = z.record(z.string(), z.json());

/** Steps inside a step, unchecked: they are checked as the workflow that they are. Editors are told what a step is. */
export const stepList = z.array(z.json()).min(1);

/** What undoes a step, unchecked: it is checked as the step that it is. Editors are told so. */
export const stepCompensation = z.record(z.string(), z.json());

/** `defaults` for steps inside a step, unchecked as these are. */
export const stepDefaults = z.record(z.string(), z.json());

import type { z } from "zod";
import { AppError } from "../core/errors.ts";
import { listed, placeOf, readShape } from "../core/zod-problem.ts";

/**
 * A part of a request, checked and completed by its schema.
 * @param part what it is, for the message: `body`, `query`. @throws AppError bad_request with every problem.
 */
export function checked<T>(schema: z.ZodType<T>, value: unknown, part: string): T {
  const result = readShape(schema, value ?? {});
  if (result.ok) return result.value;
  const problems = result.problems.map((problem) => ({ path: placeOf(problem), message: problem.message }));
  throw new AppError("bad_request", { message: `The request's ${part} has mistakes: ${listed(problems)}`, problems });
}

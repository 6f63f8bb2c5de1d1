import { describe, expect, test } from "vitest";
import { z } from "zod";
import { AppError } from "../../src/core/errors.ts";
import { checked } from "../../src/server/checked.ts";
import { hintsSchema } from "../../src/server/hints.ts";

const schema = z.strictObject({
  hints: hintsSchema.optional(),
  limit: z.coerce.number().int().min(1).max(500).optional(),
  status: z.enum(["queued", "failed"]).optional(),
  outputs: z.stringbool().optional(),
  either: z.union([z.number().min(0), z.string().min(1)]).optional(),
  fault: z.discriminatedUnion("kind", [z.strictObject({ kind: z.literal("hold") })]).optional(),
});

function refusal(value: unknown): AppError {
  try {
    checked(schema, value, "body");
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("it was taken");
}

describe("a request with mistakes", () => {
  test.each([
    [{ hints: { max_calls: 0 } }, "hints.max_calls", "must be at least 1."],
    [{ hints: { max_calls: 1.5 } }, "hints.max_calls", "must be a whole number."],
    [{ hints: { max_usd: -1 } }, "hints.max_usd", "must be at least 0."],
    [{ hints: { provider: 7 } }, "hints.provider", "must be a text, not a number."],
    [{ hints: { allow: [] } }, "hints.allow", "must not be an empty list."],
    [{ hints: { strict_provider: "perhaps" } }, "hints.strict_provider", "must be true or false (also yes, no"],
    [{ hints: { providr: "x" } }, "hints.providr", "unknown key. Did you mean provider?"],
    [{ limit: "x" }, "limit", "must be a number."],
    [{ status: "faild" }, "status", "must be one of queued, failed. Did you mean failed?"],
    [{ either: true }, "either", "must be a number or a text, not true or false."],
    [{ either: -1 }, "either", "must be at least 0."],
    [{ fault: { kind: "holt" } }, "fault.kind", "must be hold. Did you mean hold?"],
    [{ fault: {} }, "fault.kind", "is missing; it must be hold."],
  ])("%j is told in words that say what is allowed", (value, path, message) => {
    const { problems, message: whole } = refusal(value);
    expect(problems).toEqual([{ path, message: expect.stringContaining(message) }]);
    expect(whole).toContain(`${path}: ${message}`);
    expect(whole).not.toMatch(/expected|Invalid|>=|<=/);
  });
});

import { describe, expect, test } from "vitest";
import { z } from "zod";
import { AppError } from "../../src/core/errors.ts";
import { checked } from "../../src/server/checked.ts";
import { problemDocument, retryAfterSeconds, toAppError } from "../../src/server/problem.ts";

describe("problem document", () => {
  test("carries title, status, detail, code, problems, details and fix", () => {
    const problems = [{ path: "a", message: "wrong" }];
    const error = new AppError("unknown_provider", { message: "No provider x.", details: { known: ["y"] }, problems });
    expect(problemDocument(error)).toEqual({
      type: "urn:switchyard:problem:unknown_provider",
      title: "No provider bears that name.",
      status: 400,
      detail: "No provider x.",
      code: "unknown_provider",
      problems,
      details: { known: ["y"] },
      fix: error.fix,
    });
  });

  test("tells nothing of an error that nobody foresaw", () => {
    const document = problemDocument(toAppError(new Error("password=hunter2")));
    expect(document).toMatchObject({ code: "internal", status: 500 });
    expect(JSON.stringify(document)).not.toContain("hunter2");
  });

  test.each([
    [Object.assign(new Error("Body is not JSON"), { statusCode: 400 }), "bad_request"],
    [Object.assign(new Error("Unsupported Media Type"), { statusCode: 415 }), "unsupported_media_type"],
    [Object.assign(new Error("too large"), { statusCode: 413 }), "payload_too_large"],
    [Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }), "redis_unavailable"],
    [new Error("Connection is closed."), "redis_unavailable"],
    ["a text", "internal"],
  ])("takes %s for %s", (thrown, code) => expect(toAppError(thrown).code).toBe(code));

  test.each([
    [{ retryAfterMs: 1_200 }, 2],
    [{ retryAfterMs: 0 }, 1],
    [{}, undefined],
  ])("turns %j into Retry-After %s", (details, seconds) => {
    expect(retryAfterSeconds(new AppError("provider_unavailable", { details }))).toBe(seconds);
  });
});

describe("checked", () => {
  const schema = z.strictObject({
    limit: z.int().optional(),
    hints: z.strictObject({ provider: z.string().optional() }).optional(),
  });

  test("lists every problem, and for unknown fields what was probably meant", () => {
    const value = { limit: "x", limt: 1, hints: { provder: "a" } };
    expect(() => checked(schema, value, "body")).toThrow(
      expect.objectContaining({
        code: "bad_request",
        problems: [
          { path: "limit", message: "must be a number, not a text." },
          { path: "hints.provder", message: "unknown key. Did you mean provider?" },
          { path: "limt", message: "unknown key. Did you mean limit?" },
        ],
      }),
    );
  });
});

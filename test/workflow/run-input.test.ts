import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { define, failureOf } from "./support/define.ts";

const schema = {
  type: "object",
  required: ["log"],
  properties: {
    log: { type: "string" },
    audience: { type: "string", default: "managers" },
    level: { enum: ["low", "high"] },
    mail: { type: "string", format: "email" },
    parts: { type: "array", items: { type: "object", required: ["id"], properties: { id: { type: "integer" } } } },
  },
};

function workflow(input?: JsonObject) {
  return define({ name: "report", ...(input ? { input } : {}), steps: [{ id: "a", noop: {} }] });
}

describe("checkInput", () => {
  test("fills in defaults and leaves the caller's object alone", () => {
    const given = { log: "x", extra: 1 };
    expect(workflow(schema).checkInput(given)).toEqual({ log: "x", extra: 1, audience: "managers" });
    expect(given).toEqual({ log: "x", extra: 1 });
  });

  test("lists everything that does not fit", () => {
    const error = failureOf(() =>
      workflow(schema).checkInput({ level: "mid", mail: "nobody", parts: [{ id: "1" }, {}] }),
    );
    expect(error?.code).toBe("invalid_input");
    expect(error?.problems).toEqual([
      { path: "input.log", message: "is required" },
      { path: "input.level", message: "must be one of low, high" },
      { path: "input.mail", message: 'must match format "email"' },
      { path: "input.parts.0.id", message: "must be integer" },
      { path: "input.parts.1.id", message: "is required" },
    ]);
    expect(error?.message).toMatch(
      /^The input does not fit workflow "report": input.log is required; input.level must be/,
    );
  });

  test("suggests the field that was meant when others are not allowed", () => {
    const error = failureOf(() =>
      workflow({ ...schema, additionalProperties: false }).checkInput({ log: "x", audiense: "y" }),
    );
    expect(error?.problems).toEqual([
      { path: "input.audiense", message: "is not a field of the input. Did you mean audience?" },
    ]);
  });

  test("never turns a number into a text", () => {
    expect(failureOf(() => workflow(schema).checkInput({ log: 3 }))?.problems).toHaveLength(1);
  });

  test("takes any object without a schema, and none for an empty one", () => {
    expect(workflow().checkInput({ any: [1] })).toEqual({ any: [1] });
    expect(workflow().checkInput(undefined)).toEqual({});
  });

  test.each([[[1]], ["text"], [null], [3]])("refuses %j: it is no object", (input) => {
    expect(failureOf(() => workflow().checkInput(input))?.code).toBe("invalid_input");
  });
});

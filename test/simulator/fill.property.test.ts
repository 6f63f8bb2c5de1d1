import { Ajv } from "ajv";
import addFormatsModule from "ajv-formats";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { fillSchema } from "../../src/simulator/answer/fill.ts";
import { readMaterial } from "../../src/simulator/answer/material.ts";
import { paymentsLog } from "./support/incident-log.ts";

const addFormats = addFormatsModule as unknown as (ajv: Ajv) => void;
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);

const keys = fc.oneof(
  fc.constantFrom(
    "title",
    "component",
    "severity",
    "count",
    "events",
    "email",
    "date",
    "rootCause",
    "is_urgent",
    "name",
    "constructor",
    "id",
    "needs",
    "tags",
  ),
  // ajv itself cannot name a property "__proto__".
  fc.string({ maxLength: 12 }).filter((key) => key !== "__proto__"),
);
const range = (max: number) =>
  fc.tuple(fc.nat(max), fc.nat(max)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
const scalar: fc.Arbitrary<Json> = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
const text = fc.oneof(
  range(200).map(([minLength, maxLength]) => ({ type: "string", minLength, maxLength })),
  fc
    .constantFrom("date-time", "date", "time", "duration", "email", "uri", "uuid", "ipv4", "ipv6", "hostname")
    .map((format) => ({ type: "string", format })),
  fc
    .constantFrom(
      "^[A-Z]{3}-\\d{2,4}$",
      "^(low|high)$",
      "^\\w+@\\w+\\.com$",
      "^#[0-9a-f]{6}$",
      "[^a-z]+",
      "^v?\\d+\\.\\d+$",
    )
    .map((pattern) => ({ type: "string", pattern })),
);
const number = fc.oneof(
  fc
    .tuple(fc.constantFrom("integer", "number"), fc.integer({ min: -999, max: 999 }), fc.nat(500))
    .map(([type, minimum, span]) => ({ type, minimum, maximum: minimum + span })),
  fc
    .tuple(fc.integer({ min: -99, max: 99 }), fc.integer({ min: 2, max: 50 }))
    .map(([low, span]) => ({ type: "number", exclusiveMinimum: low, exclusiveMaximum: low + span })),
  fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: -50, max: 50 }))
    .map(([multipleOf, minimum]) => ({ type: "integer", multipleOf, minimum })),
  fc.integer({ min: -50, max: 50 }).map((exclusiveMaximum) => ({ type: "integer", exclusiveMaximum })),
);
const { schema } = fc.letrec<{ schema: JsonObject }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    text,
    number,
    fc.constantFrom<JsonObject>({ type: "boolean" }, { type: "null" }, {}, { type: ["string", "null"] }),
    fc
      .uniqueArray(scalar, { minLength: 1, maxLength: 4, selector: (v) => JSON.stringify(v) })
      .map((values) => ({ enum: values })),
    scalar.map((value) => ({ const: value })),
    fc
      .tuple(fc.dictionary(keys, tie("schema"), { maxKeys: 5 }), fc.boolean(), fc.boolean())
      .map(([properties, all, closed]) => ({
        type: "object",
        properties,
        required: all ? Object.keys(properties) : [],
        ...(closed ? { additionalProperties: false } : {}),
      })),
    fc
      .tuple(tie("schema"), range(6))
      .map(([items, [minItems, maxItems]]) => ({ type: "array", items, minItems, maxItems })),
    fc.nat(6).map((minItems) => ({ type: "array", items: { type: "string" }, minItems, uniqueItems: true })),
    fc.tuple(tie("schema"), tie("schema")).map(([a, b]) => ({ anyOf: [{ type: "null" }, a, b] })),
    tie("schema").map((only) => ({ oneOf: [only] })),
    fc.tuple(tie("schema"), tie("schema")).map(([a, b]) => ({
      allOf: [
        { type: "object", properties: { a } },
        { type: "object", properties: { b }, required: ["b"] },
      ],
    })),
  ),
}));
const prompts = fc.oneof(
  fc.constant(`Read this.\n${paymentsLog}`),
  fc.string({ maxLength: 200 }),
  fc.lorem({ mode: "sentences" }),
);
const fill = (given: JsonObject, prompt: string) =>
  fillSchema(given, readMaterial({ system: "", prompt, earlier: "" }));

describe("fillSchema", () => {
  test("fills any schema of the known keywords so that it validates", () => {
    fc.assert(
      fc.property(schema, prompts, (given, prompt) => {
        const filled = fill(given, prompt);
        const validate = ajv.compile(given);
        expect(validate(JSON.parse(JSON.stringify(filled))), JSON.stringify([filled, validate.errors])).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test("comes to an end where a schema contains itself", () => {
    const tree: JsonObject = {
      $defs: {
        node: {
          type: "object",
          required: ["name", "children", "next"],
          properties: {
            name: { type: "string" },
            children: { type: "array", items: { $ref: "#/$defs/node" } },
            next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] },
          },
        },
      },
      $ref: "#/$defs/node",
    };
    const filled = fill(tree, paymentsLog);
    expect(ajv.compile(tree)(filled)).toBe(true);
    expect(JSON.stringify(filled).length).toBeLessThan(100_000);
  });

  test("is the same for the same question", () => {
    fc.assert(
      fc.property(schema, prompts, (given, prompt) => {
        expect(fill(given, prompt)).toEqual(fill(given, prompt));
      }),
    );
  });
});

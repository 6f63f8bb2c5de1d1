import fc from "fast-check";
import { z } from "zod";
import { isJsonObject, type Json, type JsonObject } from "../../../src/core/json.ts";

/** Values that a schema takes, most of the time. */
export function fitting(schema: z.ZodType): fc.Arbitrary<unknown> {
  const json = JSON.parse(
    JSON.stringify(z.toJSONSchema(z.object({ it: schema }), { io: "input", unrepresentable: "any" })),
  ) as JsonObject;
  const { it } = json.properties as JsonObject;
  return ofSchema(it ?? {}, (json.$defs ?? {}) as JsonObject, 0);
}

function ofSchema(schema: Json, defs: JsonObject, depth: number): fc.Arbitrary<unknown> {
  if (!isJsonObject(schema) || depth > 6) return fc.constantFrom(null, 1, "x");
  const { $ref, anyOf, oneOf, enum: values, type } = schema;
  if (typeof $ref === "string") return ofSchema(defs[$ref.replace("#/$defs/", "")] ?? {}, defs, depth + 1);
  if ("const" in schema) return fc.constant(schema.const);
  if (Array.isArray(values)) return fc.constantFrom(...values);
  const options = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : undefined;
  if (options) return fc.oneof(...options.map((option) => ofSchema(option, defs, depth + 1)));
  switch (type) {
    case "string":
      return ofText(schema);
    case "integer":
      return fc.oneof(fc.integer({ min: bounded(schema.minimum, 0), max: bounded(schema.maximum, 50) }), fc.integer());
    case "number":
      return fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 9 }));
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(ofSchema(schema.items ?? {}, defs, depth + 1), { maxLength: 4 });
    case "object":
      return ofObject(schema, defs, depth);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function bounded(given: Json | undefined, fallback: number): number {
  return typeof given === "number" && Math.abs(given) < 1_000 ? given : fallback;
}

function ofText({ pattern }: JsonObject): fc.Arbitrary<string> {
  const words = fc.constantFrom("two-steps", "openai", "first", "default", "* * * * *", "2026-11-22", "1");
  if (typeof pattern !== "string") return fc.oneof(words, fc.string({ minLength: 1, maxLength: 20 }));
  try {
    return fc.oneof(fc.stringMatching(new RegExp(pattern)), words);
  } catch {
    // It has something that cannot be turned round.
    return words;
  }
}

function ofObject({ properties, additionalProperties, required }: JsonObject, defs: JsonObject, depth: number) {
  const needed = Array.isArray(required) ? required.map(String) : [];
  const members = Object.entries(isJsonObject(properties) ? properties : {}).map(
    ([name, member]) => [name, ofSchema(member ?? {}, defs, depth + 1)] as const,
  );
  if (members.length === 0)
    return fc.dictionary(fc.string({ maxLength: 8 }), ofSchema(additionalProperties ?? {}, defs, depth + 1), {
      maxKeys: 3,
    });
  return fc.record(Object.fromEntries(members), { requiredKeys: needed });
}

const deep = (levels: number) => `${'{"a":['.repeat(levels)}1${"]}".repeat(levels)}`;

/** Values that no schema expects. */
export const rubbish: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    1e308,
    -1,
    2 ** 60,
    "",
    "\u0000",
    "\ud800",
    "🦀".repeat(50),
    "x".repeat(5_000),
    "{{ input.x | map: 'y' }}",
    "../../etc/passwd",
    "%00",
    [],
    {},
    [[[[]]]],
    { __proto__: null, constructor: { prototype: { polluted: true } } },
    JSON.parse('{"__proto__": {"polluted": true}}'),
    JSON.parse(deep(40)),
  ),
  fc.jsonValue(),
  fc.string({ unit: "binary", maxLength: 40 }),
);

/** A fitting value with one of its parts replaced by rubbish. */
export function spoiled(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(value, rubbish, fc.nat()).map(([one, bad, at]) => {
    if (typeof one !== "object" || one === null) return bad;
    const names = Object.keys(one);
    const name = names[at % Math.max(1, names.length)] ?? "surplus";
    if (Array.isArray(one) && one.length === 0) return [bad];
    return Array.isArray(one) ? [bad, ...one.slice(1)] : { ...one, [name]: bad };
  });
}

/** Bodies that are not even JSON, and headers that do not go with them. */
export const rawBodies: fc.Arbitrary<{ readonly text: string; readonly type: string }> = fc.record({
  text: fc.oneof(
    fc.constantFrom(
      "",
      "{",
      "[1,",
      '"',
      "nul",
      deep(5_000),
      '{"__proto__":{"a":1}}',
      "a: &x [*x]",
      "\ufeff{}",
      "key: [",
      "- \t-",
    ),
    fc.string({ unit: "binary", maxLength: 60 }),
  ),
  type: fc.constantFrom(
    "application/json",
    "text/yaml",
    "text/plain",
    "application/x-ndjson",
    "multipart/form-data",
    "application/json; charset=latin1",
    "x",
  ),
});

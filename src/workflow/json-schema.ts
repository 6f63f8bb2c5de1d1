import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { didYouMean } from "../core/suggest.ts";
import type { Path } from "./path.ts";
import type { ProblemList } from "./problem-list.ts";

/** Checks a value and fills in the schema's defaults in place. @returns what is wrong; empty: nothing. */
export type SchemaValidator = (value: unknown) => readonly ErrorObject[];

const ajv = new Ajv2020({
  allErrors: true,
  allowUnionTypes: true,
  logger: false,
  strict: true,
  strictRequired: false,
  strictTuples: false,
  strictTypes: false,
  useDefaults: true,
});
(formats as unknown as { default: (target: Ajv2020) => void }).default(ajv);

/** Keywords below which each member is a schema of its own, under a name of the author's. */
const namedSchemas: ReadonlySet<string> = new Set([
  "properties",
  "patternProperties",
  "$defs",
  "definitions",
  "dependentSchemas",
]);

/** Keywords whose value is a schema, or a list of them. */
const schemas: ReadonlySet<string> = new Set([
  "additionalProperties",
  "allOf",
  "anyOf",
  "contains",
  "else",
  "if",
  "items",
  "not",
  "oneOf",
  "prefixItems",
  "propertyNames",
  "then",
  "unevaluatedItems",
  "unevaluatedProperties",
]);

const keywords: readonly string[] = Object.keys(ajv.RULES.keywords).filter((word) => ajv.RULES.keywords[word]);

/** Compiles an author's JSON Schema (2020-12). It must have passed {@link checkJsonSchema}. Nothing of it stays behind in the compiler. */
export function schemaValidator(schema: JsonObject): SchemaValidator {
  const { $schema: _, ...rest } = schema;
  try {
    const validate = ajv.compile(rest);
    return (value) => (validate(value) ? [] : [...(validate.errors ?? [])]);
  } finally {
    ajv.removeSchema(rest);
  }
}

/** Reports everything that keeps an author's schema from being JSON Schema: misspelt keywords, wrong values, dangling references. */
export function checkJsonSchema(schema: JsonObject, path: Path, problems: ProblemList): void {
  const mistakes = [...unknownKeywords(schema, path), ...wrongValues(schema, path)];
  for (const { path: at, message, isKey } of mistakes) {
    if (isKey) problems.addKey(at, message);
    else problems.add(at, message);
  }
  if (mistakes.length > 0) return;
  try {
    schemaValidator(schema);
  } catch (error) {
    problems.add(path, `is not valid JSON Schema: ${(error as Error).message}.`);
  }
}

interface Mistake {
  readonly path: Path;
  readonly message: string;
  readonly isKey: boolean;
}

function* unknownKeywords(schema: Json | undefined, path: Path): Generator<Mistake> {
  if (!isJsonObject(schema)) return;
  for (const [word, value] of Object.entries(schema)) {
    const at = [...path, word];
    if (!keywords.includes(word)) {
      yield { path: at, message: `unknown JSON Schema keyword.${didYouMean(word, keywords)}`, isKey: true };
    } else if (namedSchemas.has(word) && isJsonObject(value)) {
      for (const [name, inner] of Object.entries(value)) yield* unknownKeywords(inner, [...at, name]);
    } else if (schemas.has(word)) {
      if (!Array.isArray(value)) yield* unknownKeywords(value, at);
      else for (const [index, inner] of value.entries()) yield* unknownKeywords(inner, [...at, index]);
    }
  }
}

/** What the meta-schema says, one mistake a place: it reports each one through every branch of its unions. */
function wrongValues(schema: JsonObject, path: Path): Mistake[] {
  const { $schema: _, ...rest } = schema;
  if (ajv.validateSchema(rest) === true) return [];
  const byPlace = new Map<string, ErrorObject>();
  for (const error of ajv.errors ?? []) {
    if (!byPlace.has(error.instancePath) || error.keyword === "enum") byPlace.set(error.instancePath, error);
  }
  return [...byPlace.values()].map((error) => ({
    path: [...path, ...pointerPath(error.instancePath)],
    message: `${schemaErrorText(error)}.`,
    isKey: false,
  }));
}

/** The keys of a JSON pointer: `/properties/a~1b` is `properties`, `a/b`. */
export function pointerPath(pointer: string): readonly string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** What a value must be, in words: `must be one of low, high`. */
export function schemaErrorText(error: ErrorObject): string {
  const params: Readonly<Record<string, unknown>> = error.params;
  if (error.keyword === "enum")
    return `must be one of ${(params.allowedValues as readonly unknown[]).map(String).join(", ")}`;
  if (error.keyword === "const") return `must be ${JSON.stringify(params.allowedValue)}`;
  return error.message ?? "is not allowed";
}

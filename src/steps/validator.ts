import { canonicalJson, type Json, type JsonObject } from "../core/json.ts";
import { pointerPath, type SchemaValidator, schemaErrorText, schemaValidator } from "../workflow/json-schema.ts";

/** Compiled schemas kept. Schemas belong to workflow versions: few. */
const cacheSize = 500;
const compiled = new Map<string, SchemaValidator>();

/** A schema, compiled once. It must have been checked. */
export function validator(schema: JsonObject): SchemaValidator {
  const key = canonicalJson(schema);
  const known = compiled.get(key);
  if (known) return known;
  if (compiled.size >= cacheSize) compiled.clear();
  const made = schemaValidator(schema);
  compiled.set(key, made);
  return made;
}

/** What keeps a value from matching a schema, one sentence each, the first ten; fills in the schema's defaults in place. @param whole names the value: `The answer` */
export function mismatches(value: Json, schema: JsonObject, whole: string): readonly string[] {
  return validator(schema)(value)
    .slice(0, 10)
    .map((error) => {
      const place = pointerPath(error.instancePath).join(".");
      return `${place === "" ? whole : `"${place}"`} ${schemaErrorText(error)}.`;
    });
}

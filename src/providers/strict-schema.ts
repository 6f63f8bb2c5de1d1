import { isJsonObject, type Json } from "../core/json.ts";

/**
 * Whether the vendors' strict mode takes a JSON Schema as it stands: every object closed (`additionalProperties: false`) with all its
 * properties required, and no keyword that strict mode refuses. Otherwise the schema goes out as guidance, and the caller checks the answer.
 */
export function isStrictSchema(schema: Json | undefined): boolean {
  if (Array.isArray(schema)) return schema.every((item) => isStrictSchema(item));
  if (!isJsonObject(schema)) return true;
  for (const refused of ["allOf", "oneOf", "not", "if", "patternProperties", "default", "dependentRequired"]) {
    if (schema[refused] !== undefined) return false;
  }
  const { properties } = schema;
  if (schema.type === "object" || isJsonObject(properties)) {
    const names = isJsonObject(properties) ? Object.keys(properties) : [];
    const required: readonly Json[] = Array.isArray(schema.required) ? schema.required : [];
    if (schema.additionalProperties !== false || !names.every((name) => required.includes(name))) return false;
  }
  const members = isJsonObject(properties) ? Object.values(properties) : [];
  const definitions = isJsonObject(schema.$defs) ? Object.values(schema.$defs) : [];
  return [...members, ...definitions, schema.items, schema.anyOf].every((part) => isStrictSchema(part));
}

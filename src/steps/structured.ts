import { jsonrepair } from "jsonrepair";
import { canonicalJson, type Json, type JsonObject } from "../core/json.ts";
import { pointerPath, type SchemaValidator, schemaErrorText, schemaValidator } from "../workflow/json-schema.ts";

/** A model's text read as JSON of a schema: the value, or what is wrong with it, one sentence each. */
export type StructuredAnswer =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Compiled schemas kept. Schemas belong to workflow versions: few. */
const cacheSize = 500;
const compiled = new Map<string, SchemaValidator>();

function validator(schema: JsonObject): SchemaValidator {
  const key = canonicalJson(schema);
  const known = compiled.get(key);
  if (known) return known;
  if (compiled.size >= cacheSize) compiled.clear();
  const made = schemaValidator(schema);
  compiled.set(key, made);
  return made;
}

/** Reads an answer: as it is, else cut to its outermost braces or brackets, else repaired; then checked against the schema. */
export function readStructured(text: string, schema: JsonObject): StructuredAnswer {
  const value = parseAnswer(text);
  if (value === undefined) return { ok: false, problems: ["The answer is not JSON."] };
  const errors = validator(schema)(value);
  if (errors.length === 0) return { ok: true, value };
  const problems = errors.slice(0, 10).map((error) => {
    const place = pointerPath(error.instancePath).join(".");
    return `${place === "" ? "The answer" : `"${place}"`} ${schemaErrorText(error)}.`;
  });
  return { ok: false, problems };
}

function parseAnswer(text: string): Json | undefined {
  const cut = outermost(text);
  for (const read of [() => JSON.parse(text), () => JSON.parse(cut), () => JSON.parse(jsonrepair(cut))]) {
    try {
      return read() as Json;
    } catch {
      // Not readable this way: the next one is more forgiving.
    }
  }
  return undefined;
}

/** From the first brace or bracket to its last counterpart; models like to wrap JSON in prose or a code fence. */
function outermost(text: string): string {
  const start = text.search(/[{[]/);
  if (start < 0) return text;
  const end = text.lastIndexOf(text[start] === "{" ? "}" : "]");
  return end > start ? text.slice(start, end + 1) : text.slice(start);
}

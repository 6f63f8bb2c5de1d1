import { z } from "zod";
import { canonicalJson, isJsonObject, type Json, type JsonObject } from "../../core/json.ts";

/** What is sent may leave out what has a default, and comes as text in queries; what is answered is complete. */
export type Side = "input" | "output";

/** Schemas of one document: those that have an id stand once, among its components. */
export interface SchemaBook {
  /** The schema in JSON, as it stands in the document. */
  write(schema: z.ZodType, side: Side): JsonObject;
  /** The components that were written so far, by name, in the names' order. */
  components(): Readonly<Record<string, JsonObject>>;
}

/** How zod writes down "any JSON value": a schema that refers to itself. In a document it is the empty schema. */
const anyJson = canonicalJson(referring(defsOf(z.json(), "output").defs.__schema0, (name) => name));

/** An empty book. */
export function schemaBook(): SchemaBook {
  const components = new Map<string, JsonObject>();
  const nameOf = (name: string, side: Side, text: string): string => {
    const isFree = (one: string) => [undefined, text].includes(textOf(components.get(one)));
    if (isFree(name)) return name;
    const other = `${name}${side === "input" ? "Input" : "Output"}`;
    let last = other;
    for (let n = 2; !isFree(last); n++) last = `${other}${n}`;
    return last;
  };
  return {
    write(schema, side) {
      const { shape, defs } = defsOf(schema, side);
      const names = new Map<string, string>();
      const plain = (name: string) => names.get(name) ?? name;
      for (const [name, def] of Object.entries(defs)) {
        const text = referring(def, plain) as JsonObject;
        if (canonicalJson(anonymous(text, name)) === anyJson) names.set(name, "");
        else names.set(name, nameOf(name, side, canonicalJson(text)));
      }
      for (const [name, def] of Object.entries(defs)) {
        const written = plain(name);
        if (written !== "") components.set(written, referring(def, plain) as JsonObject);
      }
      return referring(shape, plain) as JsonObject;
    },
    components: () => Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

const textOf = (value: JsonObject | undefined) => value && canonicalJson(value);

/** The schema of one value, and those that it refers to. */
function defsOf(schema: z.ZodType, side: Side): { shape: Json; defs: Readonly<Record<string, Json>> } {
  // Inside of another one, so that a schema with an id is a reference too.
  const { properties, $defs } = z.toJSONSchema(z.object({ it: schema }), {
    io: side,
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      const { type, ...def } = zodSchema._zod.def as { type: string; in?: z.ZodType; out?: z.ZodType };
      const isFlag = type === "pipe" && def.in?.type === "string" && def.out?.type === "boolean";
      if (isFlag && side === "input") Object.assign(jsonSchema, { type: "string", enum: ["true", "false"] });
      if (side === "output" && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      // The bounds of whole numbers as such, and that names are texts, say nothing.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (canonicalJson(jsonSchema.propertyNames as Json) === '{"type":"string"}') delete jsonSchema.propertyNames;
    },
  });
  const clean = JSON.parse(JSON.stringify({ shape: properties?.it, defs: $defs ?? {} })) as {
    shape: Json;
    defs: Record<string, Json>;
  };
  return clean;
}

/** A copy whose references go to the components. @param nameOf "": any value will do */
function referring(value: Json | undefined, nameOf: (name: string) => string): Json {
  if (Array.isArray(value)) return value.map((item) => referring(item, nameOf));
  if (!isJsonObject(value)) return value ?? null;
  const { $ref } = value;
  if (typeof $ref === "string" && $ref.startsWith("#/$defs/")) {
    const name = nameOf(decodeURIComponent($ref.slice("#/$defs/".length)));
    return name === "" ? {} : { ...value, $ref: `#/components/schemas/${name}` };
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, referring(one, nameOf)]));
}

/** A recursive schema as it would be named by nobody, so that two of the same shape are equal. */
function anonymous(value: JsonObject, name: string): JsonObject {
  return JSON.parse(
    JSON.stringify(value).replaceAll(`#/components/schemas/${name}"`, '#/components/schemas/__schema0"'),
  ) as JsonObject;
}

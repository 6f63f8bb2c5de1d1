import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { Reference } from "./reference.ts";

/** A key that a schema says cannot be there. */
export interface UnknownField {
  /** Index of the key among the segments. */
  readonly index: number;
  /** The keys that can be; empty: the value has no fields at all. */
  readonly known: readonly string[];
}

/** Keywords that may bring in properties which `properties` does not list. */
const openEnded = [
  "patternProperties",
  "allOf",
  "anyOf",
  "oneOf",
  "if",
  "$ref",
  "$dynamicRef",
  "dependentSchemas",
] as const;

const scalars: ReadonlySet<Json | undefined> = new Set(["string", "number", "integer", "boolean"]);

/**
 * Follows a reference through a JSON Schema to the first key that it rules out. Says nothing where the schema leaves it open:
 * without `properties`, with `additionalProperties` that are allowed by word, or with anything composed.
 */
export function unknownField(schema: JsonObject, segments: Reference["segments"]): UnknownField | undefined {
  let here: Json | undefined = schema;
  for (const [index, segment] of segments.entries()) {
    if (!isJsonObject(here) || segment === null || segment === "size") return undefined;
    const composed: JsonObject = here;
    if (openEnded.some((keyword) => composed[keyword] !== undefined)) return undefined;
    if (scalars.has(here.type)) return { index, known: [] };
    if (here.type === "array") here = typeof segment === "number" || isEnd(segment) ? here.items : undefined;
    else {
      const properties: Json | undefined = here.properties;
      if (!isJsonObject(properties)) return undefined;
      const name = String(segment);
      if (!Object.hasOwn(properties, name)) {
        return closed(here) ? { index, known: Object.keys(properties) } : undefined;
      }
      here = properties[name];
    }
  }
  return undefined;
}

function isEnd(segment: string): boolean {
  return segment === "first" || segment === "last";
}

function closed(schema: JsonObject): boolean {
  return schema.additionalProperties === undefined || schema.additionalProperties === false;
}

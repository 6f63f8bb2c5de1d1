import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { chooseValue, nearestValue } from "./choose.ts";
import { withDescribedLimits } from "./described-limits.ts";
import { fillList } from "./fill-list.ts";
import { fillBoolean, fillNumber } from "./fill-number.ts";
import { fillString } from "./fill-string.ts";
import type { Material } from "./material.ts";
import type { Fill, Place } from "./place.ts";
import { proposedFor } from "./proposal.ts";
import { nameWords } from "./words.ts";

/** Depth from which only what is required is filled, so that a schema that contains itself comes to an end. */
const deep = 5;

/**
 * A value that a JSON Schema allows, filled from the words of the material. Known: type, enum, const, properties, required, items,
 * prefixItems, min/max of everything, multipleOf, uniqueItems, pattern, the usual formats, $ref within the schema, anyOf, oneOf, allOf.
 */
export function fillSchema(schema: JsonObject, material: Material): Json {
  return fill(schema, material, { root: schema, key: "", depth: 0 });
}

const fill: Fill = (given, material, place) => {
  if (!isJsonObject(given)) return fillString({}, place.key, material);
  const schema = withDescribedLimits(resolve(given, place.root));
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum) && schema.enum.length > 0) {
    const wanted = proposedFor(nameWords(place.key), material.proposal);
    return wanted === undefined ? chooseValue(schema.enum, evidence(material)) : nearestValue(schema.enum, wanted);
  }
  const branches = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(branches) && branches.length > 0) {
    const { anyOf: _any, oneOf: _one, ...base } = schema;
    return fill(merge(base, chooseBranch(branches.filter(isJsonObject), place)), material, place);
  }
  switch (typeOf(schema)) {
    case "object":
      return fillObject(schema, material, place);
    case "array":
      return fillList(schema, material, place, fill);
    case "number":
      return fillNumber(schema, place.key, material, false);
    case "integer":
      return fillNumber(schema, place.key, material, true);
    case "boolean":
      return fillBoolean(place.key, material);
    case "null":
      return null;
    default:
      return fillString(schema, place.key, material);
  }
};

function fillObject(schema: JsonObject, material: Material, place: Place): Json {
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required)
    ? schema.required.filter((name): name is string => typeof name === "string")
    : [];
  const names = place.depth >= deep ? required : [...new Set([...Object.keys(properties), ...required])];
  const entries = names.map((name): [string, Json] => {
    const rest = isJsonObject(schema.additionalProperties) ? schema.additionalProperties : {};
    const member = Object.hasOwn(properties, name) ? properties[name] : rest;
    return [name, fill(member, material, { ...place, key: name, depth: place.depth + 1 })];
  });
  return Object.fromEntries(entries);
}

/** Text that speaks for or against a value: the material, or the instruction where there is none. */
function evidence({ text, instruction }: Material): string {
  return text === "" ? instruction : text;
}

/** Follows $ref and folds allOf in. */
function resolve(schema: JsonObject, root: JsonObject, left = 20): JsonObject {
  if (left === 0) return {};
  if (typeof schema.$ref === "string") {
    const { $ref, ...rest } = schema;
    return resolve(merge(rest, pointer(root, $ref as string)), root, left - 1);
  }
  if (Array.isArray(schema.allOf)) {
    const { allOf, ...rest } = schema;
    const parts = (allOf as readonly Json[]).filter(isJsonObject);
    return parts.reduce<JsonObject>((whole, part) => merge(whole, resolve(part, root, left - 1)), rest);
  }
  return schema;
}

function pointer(root: JsonObject, ref: string): JsonObject {
  const keys = ref
    .replace(/^#\/?/, "")
    .split("/")
    .filter((key) => key !== "");
  const found = keys.reduce<Json | undefined>((at, key) => {
    const name = decodeURIComponent(key).replace(/~1/g, "/").replace(/~0/g, "~");
    return isJsonObject(at) ? at[name] : Array.isArray(at) ? at[Number(name)] : undefined;
  }, root);
  return isJsonObject(found) ? found : {};
}

function merge(a: JsonObject, b: JsonObject): JsonObject {
  const properties =
    isJsonObject(a.properties) || isJsonObject(b.properties)
      ? { properties: { ...(a.properties as JsonObject | undefined), ...(b.properties as JsonObject | undefined) } }
      : {};
  const required =
    Array.isArray(a.required) || Array.isArray(b.required)
      ? { required: [...((a.required as Json[] | undefined) ?? []), ...((b.required as Json[] | undefined) ?? [])] }
      : {};
  return { ...a, ...b, ...properties, ...required };
}

/** The first branch that isn't null; deep down, null or the smallest one. */
function chooseBranch(branches: readonly JsonObject[], place: Place): JsonObject {
  const isNull = (branch: JsonObject) => branch.type === "null" || branch.const === null;
  if (place.depth >= deep) {
    const leaf = branches.find(isNull) ?? branches.find((branch) => !isNested(branch));
    if (leaf) return leaf;
  }
  return branches.find((branch) => !isNull(branch)) ?? branches[0] ?? {};
}

function isNested(branch: JsonObject): boolean {
  return (
    branch.$ref !== undefined ||
    branch.properties !== undefined ||
    branch.type === "array" ||
    branch.items !== undefined
  );
}

function typeOf(schema: JsonObject): string {
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  const named = types.find((type) => typeof type === "string" && type !== "null") ?? types[0];
  if (typeof named === "string") return named.toLowerCase();
  if (schema.properties !== undefined || schema.required !== undefined) return "object";
  if (schema.items !== undefined || schema.prefixItems !== undefined) return "array";
  if (schema.minimum !== undefined || schema.maximum !== undefined || schema.multipleOf !== undefined) return "number";
  return "string";
}

import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";

/*
 * Reads members of vendors' answers, of which nothing is certain: what is not as it should be reads as nothing.
 */

/** The objects in a list. */
export function listOf(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** An object's members. */
export function membersOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** A text. */
export function textIn(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** A name that is not empty. */
export function nameOf(value: Json | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A number of tokens; null: the vendor did not say. */
export function countOf(value: Json | undefined): number | null {
  return typeof value === "number" ? value : null;
}

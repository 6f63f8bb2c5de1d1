import { isJsonObject, type Json } from "./json.ts";
import type { Mask } from "./mask.ts";

/** A copy of a JSON value whose texts, names of members among them, are masked. */
export function maskedJson(value: Json, mask: Mask): Json {
  if (typeof value === "string") return mask(value);
  if (Array.isArray(value)) return value.map((item) => maskedJson(item, mask));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [mask(name), member === undefined ? null : maskedJson(member, mask)]),
  );
}

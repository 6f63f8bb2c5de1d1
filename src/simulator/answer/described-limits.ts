import type { JsonObject } from "../../core/json.ts";

const numeric =
  /\b(minimum|maximum|exclusive minimum|exclusive maximum|multiple of|min length|max length|min items|max items): (-?\d+(?:\.\d+)?)/gi;
const pattern = /\bpattern: ("?)(\S+)\1(?=;|\.$|\.\n)/;

/**
 * Limits that stand in a schema's description in words: Anthropic's structured output knows no `maxLength` and the like, so its packages
 * write `max length: 120; min items: 1.` there. What the schema itself says goes first.
 */
export function withDescribedLimits(schema: JsonObject): JsonObject {
  const { description } = schema;
  if (typeof description !== "string" || !description.includes(": ")) return schema;
  const limits: Record<string, string | number | boolean> = {};
  for (const [, name, value] of description.matchAll(numeric)) {
    const key = (name ?? "").toLowerCase().replace(/ [a-z]/g, (letter) => letter.trim().toUpperCase());
    limits[key] = Number(value);
  }
  const form = pattern.exec(description)?.[2];
  if (form !== undefined) limits.pattern = form;
  if (/\bunique items: true/.test(description)) limits.uniqueItems = true;
  return { ...limits, ...schema };
}

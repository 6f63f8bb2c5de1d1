import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { Asked } from "../asked.ts";

/**
 * A prompt may itself ask for JSON: with a JSON Schema written out in it, as callers do for models that have no structured output. The
 * schema is taken out of the text and the answer follows it. A request that has its own schema stays as it is.
 */
export function withPromptSchema(asked: Asked): Asked {
  if (asked.tool || asked.json?.schema || !/json/i.test(asked.text)) return asked;
  for (const part of ["prompt", "system", "earlier"] as const) {
    const found = schemaIn(asked[part]);
    if (found) return { ...asked, [part]: found.rest, json: { schema: found.schema } };
  }
  return asked;
}

function schemaIn(text: string): { readonly schema: JsonObject; readonly rest: string } | undefined {
  for (let start = text.indexOf("{"); start >= 0; start = text.indexOf("{", start + 1)) {
    const end = closingBrace(text, start);
    if (end === undefined) return undefined;
    const schema = parseSchema(text.slice(start, end + 1));
    if (schema) return { schema, rest: `${text.slice(0, start)}${text.slice(end + 1)}` };
    start = end;
  }
  return undefined;
}

function closingBrace(text: string, start: number): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (quoted && char === "\\") at++;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && char === "{") depth++;
    else if (!quoted && char === "}" && --depth === 0) return at;
  }
  return undefined;
}

function parseSchema(text: string): JsonObject | undefined {
  if (!/"(?:properties|\$ref|anyOf|items)"/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) &&
      (value.type !== undefined || value.properties !== undefined || value.$ref !== undefined)
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}

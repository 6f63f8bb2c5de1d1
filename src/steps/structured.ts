import { jsonrepair } from "jsonrepair";
import type { Json, JsonObject } from "../core/json.ts";
import { mismatches } from "./validator.ts";

/** A model's text read as JSON of a schema: the value, or what is wrong with it, one sentence each. */
export type StructuredAnswer =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Reads an answer: as it is, else what stands in a code fence or between braces or brackets, or that repaired; then checked against the schema.
 * Of several readings the first one that matches the schema counts.
 */
export function readStructured(text: string, schema: JsonObject): StructuredAnswer {
  const [first, ...others] = readings(text);
  if (first === undefined) return { ok: false, problems: ["The answer is not JSON."] };
  const problems = mismatches(first, schema, "The answer");
  if (problems.length === 0) return { ok: true, value: first };
  const value = others.find((other) => mismatches(other, schema, "The answer").length === 0);
  if (value !== undefined) return { ok: true, value };
  return { ok: false, problems };
}

/** What a text may mean, the most faithful reading first. Models like to wrap JSON in prose or a code fence, with brackets of its own at times. */
function readings(text: string): readonly Json[] {
  const whole = parsed(text);
  if (whole !== undefined) return [whole];
  const inFence = fenced(text);
  const outer = outermost(text);
  const cuts = [inFence, outer, between(text, "{", "}")].map(parsed);
  return [...cuts, repaired(inFence ?? outer)].filter((value) => value !== undefined);
}

function parsed(text: string | undefined): Json | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as Json);
  } catch {
    // Not JSON: another reading may be.
    return undefined;
  }
}

function repaired(text: string): Json | undefined {
  try {
    return parsed(jsonrepair(text));
  } catch {
    // Beyond repair: the model is asked again.
    return undefined;
  }
}

function fenced(text: string): string | undefined {
  return /```\w*\s*\n([\s\S]*?)\n\s*```/.exec(text)?.[1];
}

/** From the first `open` to the last `close`. */
function between(text: string, open: string, close: string): string | undefined {
  const start = text.indexOf(open);
  const end = text.lastIndexOf(close);
  return start >= 0 && end > start ? text.slice(start, end + 1) : undefined;
}

/** From the first brace or bracket to its last counterpart, or to the end where there is none. */
function outermost(text: string): string {
  const start = text.search(/[{[]/);
  if (start < 0) return text;
  const cut = text[start] === "{" ? between(text, "{", "}") : between(text, "[", "]");
  return cut ?? text.slice(start);
}

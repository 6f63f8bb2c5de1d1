import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type Json } from "../../core/json.ts";
import { type Path, pathText } from "../../workflow/path.ts";

/** Letters of a value that are shown. */
const maxShown = 200;

/** Every place at which two values differ, with what was expected there and what is there. Inside objects, lists and texts of several lines. */
export function differences(
  expected: Json,
  actual: Json,
  path: Path,
): readonly { readonly place: string; readonly message: string }[] {
  if (isDeepStrictEqual(expected, actual)) return [];
  if (isJsonObject(expected) && isJsonObject(actual)) {
    const keys = [...new Set([...Object.keys(expected), ...Object.keys(actual)])];
    return keys.flatMap((key) => memberDifferences(expected[key], actual[key], [...path, key]));
  }
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const length = Math.max(expected.length, actual.length);
    return Array.from({ length }, (_, index) =>
      memberDifferences(expected[index], actual[index], [...path, index]),
    ).flat();
  }
  return [{ place: pathText(path), message: differenceText(expected, actual) }];
}

function memberDifferences(expected: Json | undefined, actual: Json | undefined, path: Path) {
  if (expected !== undefined && actual !== undefined) return differences(expected, actual, path);
  const place = pathText(path);
  if (expected !== undefined) return [{ place, message: `expected ${shown(expected)}, but it is missing` }];
  return actual === undefined ? [] : [{ place, message: `not expected, got ${shown(actual)}` }];
}

function differenceText(expected: Json, actual: Json): string {
  if (typeof expected === "string" && typeof actual === "string" && /\n/.test(expected + actual)) {
    const [wanted, got] = [expected.split("\n"), actual.split("\n")];
    const index = Array.from({ length: Math.max(wanted.length, got.length) }, (_, at) => at).find(
      (at) => wanted[at] !== got[at],
    );
    const line = index ?? 0;
    return `line ${line + 1}: expected ${lineText(wanted[line])}, got ${lineText(got[line])}`;
  }
  return `expected ${shown(expected)}, got ${shown(actual)}`;
}

function lineText(line: string | undefined): string {
  return line === undefined ? "the end" : shown(line);
}

function shown(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}

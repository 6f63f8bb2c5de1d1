import { isJsonObject } from "../core/json.ts";
import type { Problems } from "./problems.ts";
import { notAllowed } from "./read.ts";
import type { Found } from "./source.ts";

/**
 * Numbers by provider: `openai:50,anthropic:30` from a variable, or a mapping from the file.
 * Malformed pairs, names given twice and negative numbers are problems.
 */
export function readPairs(found: Found, problems: Problems): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const [name, value] of entriesOf(found, problems)) {
    const number = typeof value === "number" ? value : Number(value.trim() === "" ? Number.NaN : value);
    if (!Number.isFinite(number) || number < 0) {
      problems.add(found, `${name}:${String(value).slice(0, 20)} is not allowed; allowed: a number, 0 or more.`);
    } else if (Object.hasOwn(numbers, name)) {
      problems.add(found, `${name} stands there twice.`);
    } else {
      numbers[name] = number;
    }
  }
  return numbers;
}

function entriesOf(found: Found, problems: Problems): [string, string | number][] {
  if (isJsonObject(found.value)) {
    return Object.entries(found.value).map(([name, value]) => [
      name,
      typeof value === "number" ? value : String(value),
    ]);
  }
  if (typeof found.value !== "string") {
    problems.add(found, notAllowed(found, "provider:number,provider:number or a mapping of them"));
    return [];
  }
  const entries: [string, string][] = [];
  for (const part of found.value.split(",").map((text) => text.trim())) {
    if (part === "") continue;
    const match = /^([^:\s]+)\s*:\s*([^:\s]+)$/.exec(part);
    if (match?.[1] && match[2]) entries.push([match[1], match[2]]);
    else problems.add(found, `"${part.slice(0, 40)}" is not a pair; allowed: provider:number,provider:number.`);
  }
  return entries;
}

/** Names in order: comma-separated text, or a list in the file. */
export function readNames(found: Found, problems: Problems): string[] {
  const { value } = found;
  const list = typeof value === "string" ? value.split(",") : value;
  if (!Array.isArray(list) || !list.every((item): item is string => typeof item === "string")) {
    problems.add(found, notAllowed(found, "name,name or a list of names"));
    return [];
  }
  const names: string[] = [];
  for (const name of list.map((item) => item.trim()).filter((item) => item !== "")) {
    if (names.includes(name)) problems.add(found, `${name} stands there twice.`);
    else names.push(name);
  }
  return names;
}

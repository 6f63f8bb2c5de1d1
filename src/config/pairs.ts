import { isJsonObject } from "../core/json.ts";
import type { Problems } from "./problems.ts";
import { notAllowed } from "./read.ts";
import { below, type Found, type Source, shown } from "./source.ts";

/** Where lists and mappings of names are read from, and what becomes of what is wrong. */
export interface NamesReader {
  readonly source: Source;
  readonly problems: Problems;
  /** Adds a problem if nobody bears the name. */
  readonly checkName: (origin: Found, name: string) => void;
}

/**
 * Numbers by provider: `openai:50,anthropic:30` from a variable, or a mapping from the file.
 * Malformed pairs, names given twice, unknown names and negative numbers are problems.
 */
export function readPairs(reader: NamesReader, found: Found, path: readonly string[]): Record<string, number> {
  const { problems, checkName } = reader;
  const numbers: Record<string, number> = {};
  for (const [name, at] of entriesOf(reader, found, path)) {
    checkName(at, name);
    const number = numberOf(at.value);
    if (number === undefined || number < 0) {
      problems.add(at, `${shown(name)}:${at.shown.slice(0, 20)} is not allowed; allowed: a number, 0 or more.`);
    } else if (Object.hasOwn(numbers, name)) {
      problems.add(at, `${shown(name)} stands there twice.`);
    } else {
      numbers[name] = number;
    }
  }
  return numbers;
}

/** A finite number, also as text: environment variables and references in the file give text. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value !== "number" && typeof value !== "string") return undefined;
  const number = typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function entriesOf({ source, problems }: NamesReader, found: Found, path: readonly string[]): [string, Found][] {
  if (isJsonObject(found.value)) {
    return Object.entries(found.value).map(([name, value]) => [name, below(source, found, [...path, name], value)]);
  }
  if (typeof found.value !== "string") {
    problems.add(found, notAllowed(found, "provider:number,provider:number or a mapping of them"));
    return [];
  }
  const entries: [string, Found][] = [];
  for (const part of found.value.split(",").map((text) => text.trim())) {
    if (part === "") continue;
    const [, name, number] = /^([^:\s]+)\s*:\s*([^:\s]+)$/.exec(part) ?? [];
    if (name && number) entries.push([name, { ...found, value: number, shown: shown(number) }]);
    else problems.add(found, `"${shown(part).slice(0, 40)}" is not a pair; allowed: provider:number,provider:number.`);
  }
  return entries;
}

/** Names in order: comma-separated text, or a list in the file. Names given twice and unknown ones are problems. */
export function readNames(reader: NamesReader, found: Found, path: readonly string[]): string[] {
  const { source, problems, checkName } = reader;
  const { value } = found;
  const list = typeof value === "string" ? value.split(",") : value;
  if (!Array.isArray(list) || !list.every((item): item is string => typeof item === "string")) {
    problems.add(found, notAllowed(found, "name,name or a list of names"));
    return [];
  }
  const names: string[] = [];
  list.forEach((item, index) => {
    const name = item.trim();
    if (name === "") return;
    const at = below(source, found, [...path, String(index)], name);
    if (names.includes(name)) problems.add(at, `${shown(name)} stands there twice.`);
    else {
      checkName(at, name);
      names.push(name);
    }
  });
  return names;
}

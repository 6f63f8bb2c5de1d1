import { isJsonObject } from "../core/json.ts";
import { didYouMean } from "../core/suggest.ts";
import { unknownKey } from "./known-names.ts";
import { type NamesReader, numberOf } from "./pairs.ts";
import { notAllowed } from "./read.ts";
import type { LimitsOverride, ProviderLimitsOverride } from "./routing-overrides.ts";
import { below, type Found } from "./source.ts";

/** The limits by key, with what each may be. */
export const limitFields: Readonly<Record<keyof LimitsOverride, { whole: boolean; allowed: string }>> = {
  requests_per_minute: { whole: true, allowed: "a whole number, 1 or more" },
  tokens_per_minute: { whole: true, allowed: "a whole number, 1 or more" },
  concurrency: { whole: true, allowed: "a whole number, 1 or more" },
  usd_per_day: { whole: false, allowed: "a number of USD, more than 0" },
};
const fieldNames = Object.keys(limitFields);

/** What limits are read with: besides the names of providers, the labels of their keys. */
export interface LimitsReader extends NamesReader {
  /** Undefined: nobody bears the name. */
  readonly labelsOf: (provider: string) => readonly string[] | undefined;
}

/** Reads `limits:`, by provider, and below `keys:` by the key's label. An empty value counts as not set: no limit. */
export function readLimits(
  reader: LimitsReader,
  found: Found,
  path: readonly string[],
): Record<string, ProviderLimitsOverride> {
  const limits: Record<string, ProviderLimitsOverride> = {};
  for (const [name, at] of membersOf(reader, found, path, "limits by provider")) {
    reader.checkName(at, name);
    const ofProvider = [...path, name];
    const keys = isJsonObject(at.value) ? at.value.keys : undefined;
    limits[name] = {
      ...readFields(reader, at, ofProvider, [...fieldNames, "keys"]),
      ...(keys === undefined || keys === null ? {} : { keys: readKeys(reader, at, ofProvider, name, keys) }),
    };
  }
  return limits;
}

function readKeys(
  reader: LimitsReader,
  parent: Found,
  ofProvider: readonly string[],
  provider: string,
  value: unknown,
): Record<string, LimitsOverride> {
  const path = [...ofProvider, "keys"];
  const labels = reader.labelsOf(provider);
  const limits: Record<string, LimitsOverride> = {};
  const found = below(reader.source, parent, path, value);
  for (const [label, at] of membersOf(reader, found, path, "limits by the key's label (key-1, key-2)")) {
    if (labels && !labels.includes(label)) {
      const known = labels.length > 0 ? `its keys: ${labels.join(", ")}` : "it has no keys";
      reader.problems.add(at, `${provider} has no key ${label.slice(0, 20)}; ${known}.${didYouMean(label, labels)}`);
    }
    limits[label] = readFields(reader, at, [...path, label], fieldNames);
  }
  return limits;
}

function readFields(
  reader: LimitsReader,
  parent: Found,
  path: readonly string[],
  known: readonly string[],
): LimitsOverride {
  const limits: Partial<Record<keyof LimitsOverride, number>> = {};
  for (const [key, at] of membersOf(reader, parent, path, known.join(", "))) {
    if (!known.includes(key)) reader.problems.add(at, unknownKey(key, known));
    if (!isLimit(key) || at.value === null) continue;
    const { whole, allowed } = limitFields[key];
    const number = numberOf(at.value);
    if (number !== undefined && number > 0 && (!whole || Number.isSafeInteger(number))) limits[key] = number;
    else reader.problems.add(at, notAllowed(at, allowed));
  }
  return limits;
}

function isLimit(key: string): key is keyof LimitsOverride {
  return Object.hasOwn(limitFields, key);
}

function membersOf(
  { source, problems }: LimitsReader,
  found: Found,
  path: readonly string[],
  allowed: string,
): [string, Found][] {
  if (isJsonObject(found.value))
    return Object.entries(found.value).map(([key, value]) => [key, below(source, found, [...path, key], value)]);
  problems.add(found, `"${found.shown}" is not allowed; allowed: ${allowed} below it.`);
  return [];
}

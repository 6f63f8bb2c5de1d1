import type { Json, JsonObject } from "../../core/json.ts";
import { written } from "./find.ts";
import type { Material } from "./material.ts";
import { severityOf } from "./severity.ts";
import { countWord, nameWords } from "./words.ts";

const numeral = "-?\\d+(?:,\\d{3})*(?:\\.\\d+)?";
const confidence = /^(?:confidence|probability|certainty|likelihood)$/;
const grade = /^(?:severity|priority|urgency|risk|impact|score|rating|level)$/;
const counting = /^(?:count|total|lines|sentences|entries|items)$/;

/** A number that fits the schema: the one that the material writes near the key's words, else a measure of the material, else the nearest to 0. */
export function fillNumber(schema: JsonObject, key: string, material: Material, whole: boolean): number {
  const low = numberOf(schema.minimum);
  const high = numberOf(schema.maximum);
  const words = nameWords(key);
  const found = nearby(words, material.text);
  const limits: Limits = {
    low,
    high,
    above: numberOf(schema.exclusiveMinimum),
    below: numberOf(schema.exclusiveMaximum),
    multipleOf: numberOf(schema.multipleOf),
    whole,
  };
  if (found !== undefined) return within(found, limits);
  if (words.some((word) => confidence.test(word))) {
    const share = material.passages.length > 3 ? 0.8 : 0.6;
    return within(high !== undefined && high > 1 ? share * high : share, limits);
  }
  if (words.some((word) => grade.test(word))) {
    const top = high ?? 10;
    return within((low ?? 0) + ((top - (low ?? 0)) * severityOf(material.text)) / 4, limits);
  }
  return within(words.some((word) => counting.test(word)) ? material.passages.length : 0, limits);
}

/** True if the material speaks of what the key is named after and doesn't deny it (`no data loss`). */
export function fillBoolean(key: string, material: Material): boolean {
  const words = nameWords(key).filter(
    (word) => !/^(?:is|are|has|have|had|was|needs?|should|must|can|does|contains?|includes?)$/.test(word),
  );
  const value = written(nameWords(key), material.text);
  if (value !== undefined && /^(?:true|yes|on|1|false|no|off|0)\b/i.test(value))
    return /^(?:true|yes|on|1)\b/i.test(value);
  if (words.length === 0) return false;
  if (countWord(material.text, words.join(" ")) > 0) return true;
  if (words.some((word) => /^(?:urgent|critical|severe|incident|escalate|escalation|alert|page)$/.test(word)))
    return severityOf(material.text) >= 3;
  return words.every((word) => countWord(material.text, word.replace(/(?:ed|ing|s)$/, "")) > 0);
}

/** `17 retries`, `retries: 17`, `retries after 17`: a number within a few words of one of the key's. */
function nearby(words: readonly string[], text: string): number | undefined {
  const beside = written(words, text);
  const direct = beside === undefined ? undefined : new RegExp(`^[$€£]?(${numeral})`).exec(beside)?.[1];
  if (direct !== undefined) return toNumber(direct);
  for (const word of words.filter(
    (candidate) => candidate.length > 2 && !/^(?:the|num|number|count|total|of)$/.test(candidate),
  )) {
    const stem = word.replace(/(?:ies|es|s|ed|ing)$/, "").replace(/[^\p{L}\d]/gu, "");
    if (stem.length < 2) continue;
    const before = new RegExp(`(?<![\\w.:-])(${numeral})\\s+(?:[\\p{L}-]+\\s+){0,2}${stem}`, "iu").exec(text)?.[1];
    const after = new RegExp(
      `(?<!\\p{L})${stem}\\p{L}*\\W+(?:\\p{L}+\\s+){0,2}[$€£]?(${numeral})(?![\\w:-])`,
      "iu",
    ).exec(text)?.[1];
    const found = before ?? after;
    if (found !== undefined) return toNumber(found);
  }
  return undefined;
}

interface Limits {
  readonly low?: number;
  readonly high?: number;
  readonly above?: number;
  readonly below?: number;
  readonly multipleOf?: number;
  readonly whole: boolean;
}

function within(value: number, { low, high, above, below, multipleOf, whole }: Limits): number {
  const least = Math.max(low ?? Number.NEGATIVE_INFINITY, above ?? Number.NEGATIVE_INFINITY);
  const most = Math.min(high ?? Number.POSITIVE_INFINITY, below ?? Number.POSITIVE_INFINITY);
  const step = multipleOf ?? (whole ? 1 : undefined);
  if (step !== undefined) {
    const from = Math.ceil(least / step) + (above !== undefined && Math.ceil(least / step) * step <= above ? 1 : 0);
    const to = Math.floor(most / step) - (below !== undefined && Math.floor(most / step) * step >= below ? 1 : 0);
    return Math.min(Math.max(Math.round(value / step), from), to) * step || 0;
  }
  const inside = Math.min(Math.max(value, least), most);
  if (inside === above) return Number.isFinite(most) ? (inside + most) / 2 : inside + 1;
  if (inside === below) return Number.isFinite(least) ? (inside + least) / 2 : inside - 1;
  return inside || 0;
}

function toNumber(text: string): number {
  return Number(text.replace(/,/g, ""));
}

function numberOf(value: Json | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

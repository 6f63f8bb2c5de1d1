import type { Json, JsonObject } from "../../core/json.ts";
import { proposals } from "./action.ts";
import { diagnose, quoted } from "./cause.ts";
import { chooseValue } from "./choose.ts";
import { mainComponent } from "./component.ts";
import { type Findable, find, findAll, written } from "./find.ts";
import { hit } from "./impact.ts";
import type { Material } from "./material.ts";
import { fromPattern } from "./pattern.ts";
import { proposedFor } from "./proposal.ts";
import { compose } from "./prose.ts";
import { heaviest, said, timed } from "./select.ts";
import { nameWords, topWords } from "./words.ts";

type Filler = (material: Material) => string | undefined;

const formats: Readonly<Record<string, readonly [find: Findable | undefined, otherwise: string]>> = {
  "date-time": ["dateTime", "2026-01-01T00:00:00Z"],
  date: ["date", "2026-01-01"],
  time: [undefined, "00:00:00Z"],
  duration: [undefined, "PT0S"],
  email: ["email", "nobody@example.com"],
  "idn-email": ["email", "nobody@example.com"],
  uri: ["url", "https://example.com/"],
  url: ["url", "https://example.com/"],
  "uri-reference": ["url", "https://example.com/"],
  uuid: ["uuid", "00000000-0000-4000-8000-000000000000"],
  ipv4: ["ipv4", "192.0.2.1"],
  ipv6: [undefined, "2001:db8::1"],
  hostname: [undefined, "example.com"],
};

const sentences =
  (count: number): Filler =>
  ({ passages }) =>
    heaviest(passages, count).map(said).join(" ") || undefined;

/** Keys whose meaning is known, by one of their words. */
const known: readonly (readonly [RegExp, Filler])[] = [
  [
    /^(?:component|service|system|module|subsystem|product|source|area|resource)$/,
    ({ passages, text, subject }) => mainComponent(passages) ?? subject ?? topWords(text, 1)[0],
  ],
  [/^(?:id|key|slug|code|identifier)$/, ({ text }) => topWords(text, 2).join("-") || undefined],
  [
    /^(?:title|headline|subject|heading|name)$/,
    ({ passages }) => heaviest(passages, 1)[0]?.text.replace(/[.!]$/, "").slice(0, 90),
  ],
  [
    /^(?:timeline|chronology|history)$/,
    ({ passages }) =>
      timed(passages)
        .map((p) => `${p.time} ${said(p)}`)
        .join("\n") || undefined,
  ],
  [/^(?:cause|reason|why|rationale|diagnosis|explanation|justification)$/, ({ passages }) => causeOf(passages)],
  [/^(?:impact|affected|consequence|effect|damage)$/, ({ passages }) => hit(passages).map(said)[0]],
  [
    /^(?:action|next|recommendation|fix|mitigation|remedy|resolution|step|advice|todo)$/,
    (material) => proposals(material)[0]?.action,
  ],
  [/^(?:topic|category|keyword|tag|theme|label|type|kind)$/, ({ text }) => topWords(text, 1)[0]],
  [/^sentiment$|^tone$|^mood$/, ({ text }) => String(chooseValue(["positive", "negative", "neutral"], text))],
  [/^(?:severity|priority|urgency)$/, ({ text }) => String(chooseValue(["low", "medium", "high", "critical"], text))],
  [/^(?:quote|evidence|excerpt|line)$/, ({ passages }) => heaviest(passages, 1)[0]?.text],
  [/^(?:language|lang|locale)$/, () => "en"],
  [/^currency$/, ({ text }) => (/€|EUR|euro/i.test(text) ? "EUR" : /£|GBP/.test(text) ? "GBP" : "USD")],
  [
    /^(?:report|answer|reply|response|message|body|email|letter|text|content)$/,
    (material) => (material.passages.length > 0 ? compose(material) : undefined),
  ],
  [/^(?:summary|description|overview|details?|abstract|gist)$/, sentences(2)],
];

/** A text that fits the schema: what the material says under that key or in that form, else its best sentence. @param key the property's name. */
export function fillString(schema: JsonObject, key: string, material: Material): string {
  if (typeof schema.format === "string" && schema.format in formats) return formatted(schema.format, material.text);
  if (typeof schema.pattern === "string") {
    return fromPattern(schema.pattern, material.text, numberOr(schema.minLength, 0), numberOr(schema.maxLength, 1_000));
  }
  return sized(
    proposed(nameWords(key), material),
    numberOr(schema.minLength, 0),
    numberOr(schema.maxLength, Number.POSITIVE_INFINITY),
  );
}

function causeOf(passages: Material["passages"]): string | undefined {
  const { evidence } = diagnose(passages);
  return evidence && quoted(evidence);
}

function proposed(words: readonly string[], material: Material): string {
  const asked = proposedFor(words, material.proposal);
  if (asked !== undefined) return asked;
  const beside = written(words, material.text);
  if (beside !== undefined) return beside;
  const [formed] = findAll(words, material.text);
  if (formed !== undefined) return formed;
  for (const word of [...words].reverse()) {
    const filler = known.find(([pattern]) => pattern.test(word) || pattern.test(word.replace(/s$/, "")))?.[1];
    const text = filler?.(material);
    if (text !== undefined) return text;
  }
  return sentences(1)(material) ?? (material.instruction.split("\n", 1)[0] || "simulated");
}

function formatted(format: string, text: string): string {
  const [what, otherwise] = formats[format] ?? [undefined, ""];
  const found = what ? find(what, text)[0] : undefined;
  return found !== undefined && isReal(format, found) ? found : otherwise;
}

/** A date that the calendar knows, an address that a parser takes. */
function isReal(format: string, found: string): boolean {
  if (format === "date" || format === "date-time") {
    const day = new Date(`${found.slice(0, 10)}T00:00:00Z`);
    return (
      !Number.isNaN(day.getTime()) &&
      day.toISOString().startsWith(found.slice(0, 10)) &&
      !Number.isNaN(Date.parse(found))
    );
  }
  if (format.startsWith("ur")) return URL.canParse(found) && /^[\x21-\x7e]+$/.test(found);
  return true;
}

/** Cuts or fills up; lengths are counted in code points, as JSON Schema does. */
function sized(text: string, least: number, most: number): string {
  const points = Array.from(text.slice(0, Number.isFinite(most) ? most * 2 + 2 : undefined));
  if (points.length > most) return points.slice(0, most).join("");
  return points.length >= least ? text : text + ".".repeat(least - points.length);
}

function numberOr(value: Json | undefined, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

import { chooseValue } from "./choose.ts";
import { mainComponent } from "./component.ts";
import type { Material } from "./material.ts";
import type { Passage } from "./passage.ts";
import { about, actionPattern, causePattern, heaviest, impactPattern, said, timed } from "./select.ts";
import { severityOf } from "./severity.ts";
import { topWords } from "./words.ts";

type Writer = (material: Material) => string;

/** What a prompt may want, the more special first: the first whose words stand in the instruction writes the answer. */
const writers: readonly (readonly [wish: RegExp, write: Writer])[] = [
  [
    /\btranslat/i,
    (material) => `A simulated provider cannot translate. The text in its own words:\n${summary(material, 4)}`,
  ],
  [
    /\b(?:write|draft|compose|produce|prepare)\b.*\b(?:report|post-?mortem|memo|brief|email|letter|reply|article|update|announcement|note)\b/i,
    report,
  ],
  [/\b(?:timeline|chronolog\w*|sequence of events|in order|what happened)\b/i, timeline],
  [/\b(?:root cause|causes?|caused|why|what went wrong)\b/i, cause],
  [/\b(?:who was|affected|impact|how badly|blast radius|consequences?)\b/i, impact],
  [/\b(?:next steps?|recommend\w*|actions?|mitigat\w*|what should|follow-?ups?|to-?dos?)\b/i, actions],
  [/\b(?:classif\w*|categor\w*|label|triage|sentiment|severity|which of)\b/i, classification],
  [/\b(?:keywords?|topics?|tags?)\b/i, ({ text }) => topWords(text, 6).join(", ")],
  [/\b(?:list|extract|bullet|points|enumerate|find all)\b/i, (material) => bullets(heaviest(material.passages, 6))],
  [/\b(?:title|headline|subject line)\b/i, ({ passages }) => heaviest(passages, 1)[0]?.text ?? ""],
  [/\byou write\b|\breport\b|\bpost-?mortem\b/i, report],
  [/\?/, (material) => sentences(about(material, 3))],
];

/** Free text for a prompt: what its instruction wants, put together from the sentences of its material. Deterministic, invents nothing. */
export function compose(material: Material): string {
  if (material.passages.length === 0) {
    const wish = material.instruction.split("\n", 1)[0] ?? "";
    return `The prompt brings no text to work on, and a simulated provider invents none. It asks: ${wish || "nothing"}`;
  }
  const write = writers.find(([wish]) => wish.test(material.instruction))?.[1];
  const text = write ? write(material) : summary(material, 3);
  return text === "" ? summary(material, 3) : text;
}

function summary({ passages }: Material, count: number): string {
  return sentences(heaviest(passages, count));
}

function timeline({ passages }: Material): string {
  const events = timed(passages);
  const chosen = events.length >= 2 ? events : passages;
  return chosen
    .slice(0, 40)
    .map((passage, index) => `${passage.time ?? `${index + 1}.`} ${said(passage)}`)
    .join("\n");
}

function impact({ passages }: Material): string {
  const found = passages.filter(({ text }) => impactPattern.test(text));
  if (found.length === 0)
    return `The text names nobody who was affected. The worst that it says: ${sentences(heaviest(passages, 1))}`;
  return sentences(heaviest(found, 4));
}

function cause({ passages }: Material): string {
  const named = passages.filter(({ text }) => causePattern.test(text));
  const [first] = passages.filter(({ level }) => level !== undefined && /^(?:ERR|CRIT|FATAL|WARN)/.test(level));
  if (named.length > 0) return sentences(heaviest(named, 3));
  return first ? `The text names no cause. The first sign of trouble: ${dated(first)}` : "The text names no cause.";
}

function actions({ passages }: Material): string {
  const done = passages.filter(({ text }) => actionPattern.test(text));
  const part = mainComponent(passages);
  const found = done.length > 0 ? bullets(heaviest(done, 4)) : "";
  return [found, part === undefined ? "" : `- Look at ${part}: the text speaks of it most.`]
    .filter((line) => line !== "")
    .join("\n");
}

function classification({ instruction, text, passages }: Material): string {
  const offered = /(?:\bas|\bone of|\binto|:|\bis)\s+((?:[\w-]+\s*,\s*)*[\w-]+,?\s+or\s+[\w-]+)/i.exec(
    instruction,
  )?.[1];
  const values = offered?.split(/\s*,\s*(?:or\s+)?|\s+or\s+/).filter((value) => value !== "") ?? [];
  if (values.length > 1) return String(chooseValue(values, text));
  const label = ["minor", "minor", "moderate", "high", "critical"][severityOf(text)];
  return `${label}: ${sentences(heaviest(passages, 1))}`;
}

function report(material: Material): string {
  const { passages } = material;
  const part = mainComponent(passages);
  const happened = timed(passages);
  const sections: readonly (readonly [string, string])[] = [
    ["", part === undefined ? "Report" : `Report: ${part}`],
    ["Summary", summary(material, 2)],
    ["What happened", happened.length >= 2 ? timeline({ ...material, passages: happened.slice(0, 12) }) : ""],
    ["Impact", impact(material)],
    ["Cause", cause(material)],
    ["Next", actions(material)],
  ];
  return sections
    .filter(([, body]) => body !== "")
    .map(([title, body]) => (title === "" ? body : `${title}\n${body}`))
    .join("\n\n");
}

function dated(passage: Passage): string {
  return `${passage.time === undefined ? "" : `${passage.time} `}${said(passage)}`;
}

function sentences(passages: readonly Passage[]): string {
  return passages.map(said).join(" ");
}

function bullets(passages: readonly Passage[]): string {
  return passages.map((passage) => `- ${said(passage)}`).join("\n");
}

import { asksForActions } from "./action.ts";
import { cause } from "./cause.ts";
import { impact } from "./impact.ts";
import type { Material } from "./material.ts";
import { actions, bullets, facts, sentences, summary, timeline } from "./parts.ts";
import { letter, report } from "./report.ts";
import { about, heaviest } from "./select.ts";
import { label, yesOrNo } from "./verdict.ts";
import { topWords } from "./words.ts";

type Writer = (material: Material) => string;

const writing = "(?:write|draft|compose|produce|prepare|create|turn)\\b.*\\b";

/** What a prompt may want, the more special first: the first whose words stand in the instruction writes the answer. */
const writers: readonly (readonly [wish: Pick<RegExp, "test">, write: Writer])[] = [
  [/\btranslat/i, (material) => `A simulated provider cannot translate. The text as it is:\n${summary(material, 4)}`],
  [new RegExp(`\\b${writing}(?:letter|e?-?mail|reply|response|message|answer)\\b|^reply\\b`, "im"), letter],
  [
    new RegExp(
      `\\b${writing}(?:report|post-?mortem|memo|brief|article|recommendation|comparison|proposal|update|announcement|notes?|page)\\b`,
      "i",
    ),
    report,
  ],
  [/\b(?:yes or no|true or false)\b/i, yesOrNo],
  [/\b(?:list|extract|collect|give|note)\b[^.?]*\b(?:facts|key (?:lines|events|points))\b/i, facts],
  [/\b(?:timeline|chronolog\w*|sequence of events|in order(?![-\w])|what happened)\b/i, timeline],
  [/\b(?:root cause|causes?|caused|why|what went wrong)\b/i, cause],
  [/\b(?:who was|affected|impact|how badly|blast radius|consequences?)\b/i, impact],
  [{ test: asksForActions }, (material) => actions(material)],
  [/\b(?:classif\w*|categor\w*|label|triage|sentiment|severity|which of|one of)\b/i, label],
  [/\b(?:keywords?|topics?|tags?)\b/i, ({ text }) => topWords(text, 6).join(", ")],
  [/\b(?:list|extract|bullet|points|enumerate|find all)\b/i, (material) => bullets(heaviest(material.passages, 6))],
  [/\b(?:title|headline|subject line)\b/i, ({ passages }) => heaviest(passages, 1)[0]?.text ?? ""],
  [/\bsummar/i, (material) => summary(material, wantedSentences(material.instruction))],
  [/\byou write\b|\breport\b|\bpost-?mortem\b/i, report],
  [/\?/, (material) => sentences(about(material, 2))],
];

/** Free text for a prompt: what its instruction wants, put together from the sentences of its material. Deterministic, invents nothing. */
export function compose(material: Material): string {
  if (material.passages.length === 0) {
    const wish = material.instruction.split("\n", 1)[0] ?? "";
    return `The prompt brings no text to work on, and a simulated provider invents none. It asks: ${wish || "nothing"}`;
  }
  const write = writers.find(([wish]) => wish.test(material.instruction))?.[1];
  const text = write ? write(material) : summary(material, wantedSentences(material.instruction));
  return text === "" ? summary(material, 3) : text;
}

/** `in one sentence`, `in 2 sentences`. Default 3. */
function wantedSentences(instruction: string): number {
  const asked = /\b(one|a single|two|three|four|five|\d)\s+(?:short\s+)?sentences?\b/i
    .exec(instruction)?.[1]
    ?.toLowerCase();
  if (asked === undefined) return 3;
  const named = ["", "one", "two", "three", "four", "five"].indexOf(asked);
  return named > 0 ? named : Number(asked) || 1;
}

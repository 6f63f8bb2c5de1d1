import { chooseValue } from "./choose.ts";
import type { Material } from "./material.ts";
import { sentences } from "./parts.ts";
import { heaviest } from "./select.ts";
import { severityOf } from "./severity.ts";
import { countWord, significantWords } from "./words.ts";

const offer = /(?:\bas|\bone of|\binto|\bbetween|\bwith|:|\bis)\s+((?:[\w-]+\s*,\s*)*[\w-]+,?\s+or\s+[\w-]+)/i;

/** The label that fits: one of those that the instruction offers (`as billing, shipping or other`), else a severity and why. */
export function label({ instruction, text, passages }: Material): string {
  const offered = offer.exec(instruction)?.[1];
  const values = offered?.split(/\s*,\s*(?:or\s+)?|\s+or\s+/).filter((value) => value !== "") ?? [];
  if (values.length > 1) return String(chooseValue(values, text));
  const severity = ["minor", "minor", "moderate", "high", "critical"][severityOf(text)];
  return `${severity}: ${sentences(heaviest(passages, 1))}`;
}

/** Yes, if the material speaks of what the question names and doesn't deny it. In the words of the question: `Yes`, `true`. */
export function yesOrNo({ instruction, text }: Material): string {
  const form = /\b(yes or no|true or false)\b/i.exec(instruction)?.[1] ?? "Yes or no";
  const [yes = "", , no = ""] = form.split(" ");
  const question = instruction.replace(/[^.?!\n]*\b(?:yes or no|true or false)\b[^.?!\n]*/i, "");
  const named = significantWords(question === "" ? instruction : question);
  const spoken = named.some((word) => countWord(text, word) > 0 || chooseValue([word, "other"], text) === word);
  return spoken ? yes : no;
}

import type { Material } from "./material.ts";
import type { Passage } from "./passage.ts";
import { significantWords } from "./words.ts";

/** Speaks of people or things that were hit, with or without a number. */
export const impactPattern =
  /\b(?:\d[\d,.]*\s*(?:%|percent|users?|customers?|orders?|requests?|payments?|people|accounts?|clients?)|users?|customers?|affected|impact\w*|lost|unable to|could not|complain\w*)\b/i;
/** Names a cause. */
export const causePattern =
  /\b(?:because|caused?|due to|root cause|reason|after (?:a|the) (?:deploy\w*|change|update|release|migration)|exhausted|misconfigur\w*|leak|bug|deploy(?:ed|ment)|triggered)\b/i;
/** Tells what was done or is to be done. */
export const actionPattern =
  /\b(?:restart\w*|roll(?:ed|ing)? back|rollback|fix\w*|restor\w*|recover\w*|mitigat\w*|switch\w*|fail(?:ed)? over|increas\w*|add(?:ed)?|replac\w*|disabl\w*|should|must|will|need(?:s|ed)? to|plan\w*)\b/i;

/** The passages that say most, in the order of the text. */
export function heaviest(passages: readonly Passage[], count: number): readonly Passage[] {
  return passages
    .map((passage, index) => ({ passage, index }))
    .sort((a, b) => b.passage.weight - a.passage.weight || a.index - b.index)
    .slice(0, count)
    .sort((a, b) => a.index - b.index)
    .map(({ passage }) => passage);
}

/** The passages that bear a time, in the order of their times where these can be compared. */
export function timed(passages: readonly Passage[]): readonly Passage[] {
  const found = passages.filter(({ time }) => time !== undefined);
  const comparable = found.every(({ time }) => time?.length === found[0]?.time?.length);
  return comparable
    ? [...found].sort((a, b) => ((a.time ?? "") < (b.time ?? "") ? -1 : a.time === b.time ? 0 : 1))
    : found;
}

/** The passages that share most words with the instruction. */
export function about({ instruction, passages }: Material, count: number): readonly Passage[] {
  const asked = new Set(significantWords(instruction));
  const shared = passages.map((passage) => ({
    passage,
    hits: new Set(significantWords(passage.text).filter((word) => asked.has(word))).size,
  }));
  const most = Math.max(0, ...shared.map(({ hits }) => hits));
  const near = shared.filter(({ hits }) => hits > 0 && hits * 2 > most).map(({ passage }) => passage);
  return heaviest(near.length > 0 ? near : passages, count);
}

/** A passage as a sentence: with a full stop, unless it is one word. */
export function said({ text }: Passage): string {
  const open = text.includes(" ") && !/[.!?:;]["')\]]?$/.test(text);
  return open ? `${text}.` : text;
}

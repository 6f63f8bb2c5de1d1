import type { Material } from "./material.ts";
import type { Passage } from "./passage.ts";
import { significantWords } from "./words.ts";

/** The passages that say most, in the order of the text. */
export function heaviest(passages: readonly Passage[], count: number): readonly Passage[] {
  return passages
    .map((passage, index) => ({ passage, index }))
    .sort((a, b) => b.passage.weight - a.passage.weight || a.index - b.index)
    .slice(0, count)
    .sort((a, b) => a.index - b.index)
    .map(({ passage }) => passage);
}

/** The passages that bear a time, in the order of their times; equal ones in the order of the text. */
export function timed(passages: readonly Passage[]): readonly Passage[] {
  return passages
    .filter(({ moment }) => moment !== undefined)
    .sort((a, b) => (a.moment?.seconds ?? 0) - (b.moment?.seconds ?? 0));
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
export function said({ text }: Pick<Passage, "text">): string {
  const open = text.includes(" ") && !/[.!?:;]["')\]]?$/.test(text);
  return open ? `${text}.` : text;
}

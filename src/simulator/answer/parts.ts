import { mainComponent } from "./component.ts";
import type { Material } from "./material.ts";
import type { Passage } from "./passage.ts";
import { actionPattern, causePattern, heaviest, impactPattern, said, timed } from "./select.ts";

/** The sentences that say most. */
export function summary({ passages }: Material, count: number): string {
  return sentences(heaviest(passages, count));
}

/** One line for each event, in the order of their times; without times the passages, numbered. */
export function timeline({ passages }: Material): string {
  const events = timed(passages);
  const chosen = events.length >= 2 ? events : passages;
  return chosen
    .slice(0, 40)
    .map((passage, index) => `${passage.time ?? `${index + 1}.`} ${said(passage)}`)
    .join("\n");
}

/** Who or what was hit. */
export function impact({ passages }: Material): string {
  const found = hit(passages);
  if (found.length > 0) return sentences(heaviest(found, 4));
  return `The text names nobody who was affected. The worst that it says: ${sentences(heaviest(passages, 1))}`;
}

/** Passages that speak of who or what was hit. */
export function hit(passages: readonly Passage[]): readonly Passage[] {
  return passages.filter(({ text }) => impactPattern.test(text));
}

/** What the text names as the cause, else its first sign of trouble. */
export function cause({ passages }: Material): string {
  const named = passages.filter(({ text }) => causePattern.test(text));
  if (named.length > 0) return sentences(heaviest(named, 3));
  const first = passages.find(({ level }) => level !== undefined && /^(?:ERR|CRIT|FATAL|WARN)/.test(level));
  if (!first) return "The text names no cause.";
  return `The text names no cause. The first sign of trouble: ${first.time === undefined ? "" : `${first.time} `}${said(first)}`;
}

/** What was done or is to be done, and what to look at. */
export function actions({ passages }: Material): string {
  const done = passages.filter(({ text }) => actionPattern.test(text));
  const part = mainComponent(passages);
  const look = part === undefined ? "" : `- Look at ${part}: the text speaks of it most.`;
  return [bullets(heaviest(done, 4)), look].filter((line) => line !== "").join("\n");
}

/** Passages as running text. */
export function sentences(passages: readonly Passage[]): string {
  return passages.map(said).join(" ");
}

/** Passages as a list. */
export function bullets(passages: readonly Passage[]): string {
  return passages.map((passage) => `- ${said(passage)}`).join("\n");
}

import { type Course, courseOf } from "./course.ts";
import type { Material } from "./material.ts";
import { spanWords } from "./moment.ts";
import { type Passage, timeOf } from "./passage.ts";
import { isTrouble, plays } from "./role.ts";
import { said } from "./select.ts";

/** Why it happened, as far as a text tells. */
export interface Diagnosis {
  readonly course: Course;
  /** The line that shows it best. */
  readonly evidence?: Passage;
  /** What somebody said about it besides. */
  readonly also?: Passage;
  /** Whether that line names a cause; else it is the first sign of trouble, or the change before it. */
  readonly named: boolean;
}

const explicit =
  /\b(?:because|caused by|due to|root cause|the cause|reason(?: was| is|:)|turned out|leak\w*|expired|exhausted)\b/i;

/** Looks for a cause: cause words first, those of people and those that name what was changed before all, then the change, then the first failure. */
export function diagnose(passages: readonly Passage[]): Diagnosis {
  const written = passages.filter(({ section }) => section === "cause");
  const course = courseOf(passages);
  const changed = course.change?.text.match(/\b[vV]?\d+\.\d+(?:\.\d+)*\b|#\d+|\b[A-Z]+-\d+\b/g) ?? [];
  const score = (passage: Passage): number => {
    if (!plays("mechanism", passage)) return 0;
    const cured = plays("remedy", passage) || (plays("recovery", passage) && !isTrouble(passage));
    return (
      3 +
      (explicit.test(passage.text) ? 3 : 0) +
      (plays("note", passage) ? 2 : 0) +
      (changed.some((name) => passage.text.includes(name)) ? 2 : 0) +
      (isTrouble(passage) ? 1 : 0) +
      (passage === course.failure ? 1 : 0) -
      (/\b(?:will|should|plan\w*|to avoid|in future|next time)\b/i.test(passage.text) ? 3 : 0) -
      (/\?["”]?$|\b(?:suspect\w*|maybe|perhaps|not the cause|ruled out)\b/i.test(passage.text) ? 2 : 0) -
      (cured ? 4 : 0) +
      Math.min(1, passage.weight / 20)
    );
  };
  const pool =
    written.length > 0
      ? written
      : course.passages.length >= passages.length / 2
        ? passages
        : [...course.passages, ...passages];
  let best: { readonly passage: Passage; readonly score: number } | undefined;
  for (const passage of pool) {
    const points = score(passage);
    if (points > (best?.score ?? 1)) best = { passage, score: points };
  }
  if (best) {
    const { passage: evidence } = best;
    const also =
      pool.find((other) => /^Said about it: /.test(other.text)) ??
      pool.find(
        (other) =>
          other !== evidence && plays("note", other) && score(other) >= 4 && quoted(other) !== quoted(evidence),
      );
    return { course, evidence, named: true, ...(also ? { also } : {}) };
  }
  const evidence = course.change ?? course.failure ?? passages.find(isTrouble);
  return { course, ...(evidence ? { evidence } : {}), named: false };
}

/** What the text names as the cause, what was changed before, and how sure that is; without a name for it the first sign of trouble. */
export function cause({ passages }: Material): string {
  const { course, evidence, also, named } = diagnose(passages);
  const { change, failure } = course;
  if (!evidence) return "The text names no cause and no sign of trouble.";
  const sure = named
    ? change
      ? "likely"
      : "fairly likely"
    : change
      ? "possible; only the order of events speaks for it"
      : "not sure";
  const lines = [
    named
      ? `Most likely cause: ${quoted(evidence)}`
      : change
        ? "The text names no cause. What was changed last before it began is the first suspect."
        : `The text names no cause. The first sign of trouble: ${stamped(evidence, passages)}`,
    named ? shown(evidence, passages) : "",
    also ? `Said about it: ${quoted(also)}` : "",
    change && (change !== evidence || !named) ? changed(change, failure, passages) : "",
    `How sure: ${sure}.`,
  ];
  return lines.filter((line) => line !== "").join("\n");
}

/** The words that say it: what a person is quoted with, else the whole line. */
export function quoted(passage: Passage): string {
  const told =
    /^(?:(?:the )?(?:most likely |likely |probable |root )+cause(?: is| was)?:?|said about it:)\s+(.*)$/i.exec(
      passage.text,
    )?.[1];
  if (told !== undefined) return said({ text: told });
  const found = /^(?:it turned out that|we found that|the reason (?:is|was) that) (.*)$/i.exec(passage.text)?.[1];
  if (found !== undefined) return said({ text: `${found.charAt(0).toUpperCase()}${found.slice(1)}` });
  const speech = /:\s*["“]([^"”]{20,})["”]/.exec(passage.text)?.[1];
  return speech === undefined ? said(passage) : `${speech.charAt(0).toUpperCase()}${speech.slice(1)}.`;
}

function shown(passage: Passage, among: readonly Passage[]): string {
  if (passage.time === undefined) return "";
  const speaker = /:\s*["“][^"”]{20,}["”]/.test(passage.text)
    ? passage.text.replace(/:\s*["“][\s\S]*$/, "").replace(/: /, ", ")
    : (passage.source ?? "");
  return `Shown best by the line of ${timeOf(passage, among)}${speaker === "" ? "" : ` (${speaker})`}.`;
}

function changed(change: Passage, failure: Passage | undefined, among: readonly Passage[]): string {
  const before =
    change.moment && failure?.moment
      ? `${spanWords(change.moment, failure.moment)} before the first failure`
      : "before it";
  return `Changed ${before}: ${briefly(change)}${change.time === undefined ? "" : ` (${timeOf(change, among)})`}.`;
}

/** The words of a line without who wrote it, or what a person is quoted with; without a full stop. */
export function bare(passage: Passage): string {
  const { source } = passage;
  const words = quoted(passage).replace(/\.$/, "");
  return source !== undefined && words.startsWith(`${source}: `) ? words.slice(source.length + 2) : words;
}

/** A change by its name (`release=api@1.2`), else by its first words. */
export function briefly(passage: Passage): string {
  const named = /\b(?:release|version|migration|flag|change|config|image|tag|rule)=(\S+)/i.exec(passage.text)?.[0];
  if (named !== undefined) return `${passage.source === undefined ? "" : `${passage.source} `}${named}`;
  const words = bare(passage).split(" ");
  return words.length > 18 ? `${words.slice(0, 18).join(" ")} ...` : words.join(" ");
}

function stamped(passage: Passage, among: readonly Passage[]): string {
  return `${passage.time === undefined ? "" : `${timeOf(passage, among)} `}${said(passage)}`;
}

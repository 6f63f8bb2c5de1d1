import { courseOf } from "./course.ts";
import type { Passage } from "./passage.ts";
import { peopleCount, plays } from "./role.ts";

/** Seconds from which on a line that comes again is news. */
const apart = 120;

/** The lines that tell the story, in its order: of lines that differ only in their numbers the first, the worst and the last. @param most how many */
export function digest(given: readonly Passage[], most: number): readonly Passage[] {
  const { passages, change, failure, recovery } = courseOf(given);
  if (passages.length <= most) return passages;
  const kept = withoutSeries(passages);
  const worth = (passage: Passage, index: number): number => {
    if (passage === change || passage === failure || passage === recovery) return 100;
    const level = /^(?:ERR|CRIT|FATAL|EMERG|ALERT)/.test(passage.level ?? "")
      ? passage.level === "ALERT"
        ? 7
        : 3
      : /^WARN/.test(passage.level ?? "")
        ? 2
        : 0;
    const roles =
      (plays("note", passage) ? 4 : 0) +
      (plays("mechanism", passage) ? 3 : 0) +
      (plays("remedy", passage) ? 3 : 0) +
      (peopleCount.test(passage.text) ? 8 : plays("impact", passage) ? 2 : 0) +
      (plays("recovery", passage) ? 2 : 0) +
      (plays("change", passage) ? 2 : 0);
    return level + roles + Math.min(2, passage.weight / 5) - index / 1_000;
  };
  const chosen = new Set(
    kept
      .map((passage, index) => ({ passage, worth: worth(passage, index) }))
      .sort((a, b) => b.worth - a.worth)
      .slice(0, most)
      .map(({ passage }) => passage),
  );
  return kept.filter((passage) => chosen.has(passage));
}

function withoutSeries(passages: readonly Passage[]): readonly Passage[] {
  const series = new Map<string, Passage[]>();
  for (const passage of passages)
    series.set(shape(passage.text), [...(series.get(shape(passage.text)) ?? []), passage]);
  const kept = new Set<Passage>();
  for (const members of series.values()) {
    const [first] = members;
    const worst = members.reduce<Passage | undefined>((a, b) => (a && measure(a) >= measure(b) ? a : b), undefined);
    for (const passage of [first, members.at(-1), worst]) {
      const near = [...kept].some((other) => members.includes(other) && distance(other, passage) < apart);
      if (passage && !near) kept.add(passage);
    }
  }
  return passages.filter((passage) => kept.has(passage));
}

/** A line without what changes: tokens with digits, brackets. */
export function shape(text: string): string {
  return text
    .replace(/\([^)]*\)/g, "")
    .replace(/\S*\d\S*/g, "#")
    .replace(/\s+/g, " ")
    .trim();
}

/** How bad a line of a series is: its first share or number. */
export function measure({ text }: Passage): number {
  const found =
    /(\d[\d,]*(?:\.\d+)?)\s*%/.exec(text)?.[1] ?? /(?<![\w.:-])(\d[\d,]*(?:\.\d+)?)(?![\w:-])/.exec(text)?.[1];
  return found === undefined ? 0 : Number(found.replace(/,/g, ""));
}

function distance(a: Passage, b: Passage | undefined): number {
  return a.moment && b?.moment ? Math.abs(a.moment.seconds - b.moment.seconds) : a === b ? 0 : apart;
}

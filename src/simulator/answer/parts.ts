import { proposals } from "./action.ts";
import { digest } from "./digest.ts";
import type { Material } from "./material.ts";
import { onlyDay } from "./moment.ts";
import { type Passage, timeOf } from "./passage.ts";
import { heaviest, said, timed } from "./select.ts";

/** Lines that a timeline has, and lines of a list of facts. */
const most = { timeline: 10, facts: 18 } as const;

/** The sentences that say most. */
export function summary({ passages }: Material, count: number): string {
  return sentences(heaviest(passages, count));
}

/** Below their day one line for each event, in the order of their times; without times the passages, numbered. */
export function timeline({ passages }: Material): string {
  const events = timed(passages);
  if (events.length < 2) {
    return passages
      .slice(0, most.timeline)
      .map((passage, index) => `${index + 1}. ${said(passage)}`)
      .join("\n");
  }
  return [
    ...dayLine(events),
    ...digest(events, most.timeline).map((event) => `${timeOf(event, events)} ${event.text}`),
  ].join("\n");
}

/** The lines that matter, with time and level, in order. */
export function facts({ passages }: Material): string {
  const chosen = digest(passages, most.facts);
  const lines = chosen.map((passage) => {
    const level =
      passage.level !== undefined && /^(?:WARN|ERR|CRIT|FATAL|ALERT|EMERG)/.test(passage.level) ? passage.level : "";
    const time = passage.moment ? timeOf(passage, passages) : (passage.time ?? "");
    return `- ${[passage.text.startsWith(time) ? "" : time, level, passage.source === undefined && level === "" ? said(passage) : passage.text].filter((part) => part !== "").join(" ")}`;
  });
  return [...dayLine(passages), ...lines].join("\n");
}

/** What should be done. @param count how many; default 4 */
export function actions(material: Material, count = wantedCount(material.instruction) ?? 4): string {
  return proposals(material)
    .slice(0, count)
    .map(({ action }) => `- ${action}.`)
    .join("\n");
}

/** How many things an instruction asks for: `the three actions`, `5 steps`. */
export function wantedCount(instruction: string): number | undefined {
  const found =
    /\b(one|two|three|four|five|six|seven|eight|nine|ten|\d{1,2})\s+(?:[\w-]+\s+){0,2}(?:actions?|steps|items|recommendations|tasks|points|facts|measures|tags|keywords|topics)\b/i
      .exec(instruction)?.[1]
      ?.toLowerCase();
  if (found === undefined) return undefined;
  const named = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"].indexOf(found) + 1;
  return named > 0 ? named : Number(found) || undefined;
}

/** Passages as running text. */
export function sentences(passages: readonly Passage[]): string {
  return passages.map(said).join(" ");
}

/** Passages as a list. */
export function bullets(passages: readonly Passage[]): string {
  return passages.map((passage) => `- ${said(passage)}`).join("\n");
}

function dayLine(passages: readonly Passage[]): readonly string[] {
  const day = onlyDay(passages.map(({ moment }) => moment));
  return day !== undefined && /^\d{4}-/.test(day) ? [`${day}:`] : [];
}

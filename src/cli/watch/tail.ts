import type { LiveEvent } from "../../core/live.ts";

/** The newest words of each running step's answer, by step. */
export type Tails = Map<string, string>;

/** More than any terminal shows of it. */
const longest = 400;

/** Adds a piece to its step's tail; an answer that begins again empties it. */
export function addToTail(tails: Tails, event: LiveEvent): void {
  if (event.type === "step.restarted") tails.delete(event.step);
  else tails.set(event.step, `${tails.get(event.step) ?? ""}${event.text}`.slice(-longest));
}

/** The end of a tail on one line. @param room columns */
export function shownTail(tail: string, room: number): string {
  const line = tail.replace(/\s+/g, " ").trim();
  return line.length > room ? `…${line.slice(1 - room)}` : line;
}

import type { Passage } from "./passage.ts";
import { isTrouble, plays } from "./role.ts";
import { timed } from "./select.ts";

/** An incident's course: what came first, when it failed, what ended it. */
export interface Course {
  /** Its passages in the order of time; where most bear none, that of the text. */
  readonly passages: readonly Passage[];
  /** The last change before it failed. */
  readonly change?: Passage;
  readonly failure?: Passage;
  /** The last one that tells of an end. */
  readonly recovery?: Passage;
}

/** Reads the course of an incident from its passages. */
export function courseOf(given: readonly Passage[]): Course {
  const events = timed(given);
  const passages = events.length * 2 > given.length ? events : given;
  const graded = passages.some(({ level }) => level !== undefined);
  const fails = (passage: Passage) => plays("failure", passage) && (graded || isTrouble(passage));
  const at = passages.findIndex(fails);
  if (at < 0) return { passages };
  const changes = passages.slice(0, at).filter((passage) => plays("change", passage) && !isTrouble(passage));
  const later = passages.slice(at + 1);
  const lastTrouble = later.findLastIndex((passage) => /^(?:ERR|CRIT|FATAL|EMERG)/.test(passage.level ?? ""));
  const calm = later.slice(lastTrouble + 1);
  const recovery =
    calm.findLast(
      (passage) =>
        /\b(?:recovered|resolved|incident (?:is )?closed|back to normal|all clear|works? again)\b/i.test(
          passage.text,
        ) && !isWarned(passage),
    ) ?? calm.findLast((passage) => plays("recovery", passage) && !isWarned(passage));
  const failure = passages[at];
  const change = begun(changes);
  return {
    passages,
    ...(change ? { change } : {}),
    ...(failure ? { failure } : {}),
    ...(recovery ? { recovery } : {}),
  };
}

/** A change's first line: a rollout that says `started` and `complete` began with its first one. */
function begun(changes: readonly Passage[]): Passage | undefined {
  const last = changes.at(-1);
  return last && (changes.find((other) => last.source !== undefined && other.source === last.source) ?? last);
}

function isWarned({ level }: Passage): boolean {
  return level !== undefined && /^(?:WARN|ALERT)/.test(level);
}

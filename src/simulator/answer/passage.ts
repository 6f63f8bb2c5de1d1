import { significantWords, weightOf } from "./words.ts";

/** A sentence or a line of a log. */
export interface Passage {
  /** Without time, level and bullet. */
  readonly text: string;
  /** The time it bears, as written. */
  readonly time?: string;
  /** The level it bears, in capitals. */
  readonly level?: string;
  /** How much it says: its frequent words, numbers, and words of alarm. */
  readonly weight: number;
}

const timePattern =
  /^\W{0,3}(\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?|[A-Z][a-z]{2} \d{1,2} \d\d:\d\d(?::\d\d)?|\d{1,2}:\d\d(?::\d\d)?(?:\s?[ap]m\b)?)(?:\]|\)|:|,|\s*[-–|])*\s*/;
const levelPattern = /^\[?(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|ERR|CRIT(?:ICAL)?|FATAL|ALERT|EMERG)\b\]?:?\s*/;
const bulletPattern = /^(?:[-*•>]\s+|\d{1,3}[.)]\s+|#{1,6}\s+)/;
const sentenceEnd = /(?<=[.!?])\s+(?=["'(]?[A-Z0-9])/;

/** Passages that are read of one text. */
const most = 1_000;

/** Cuts a text into passages: a line with a time or a level is one, other lines are cut at their sentences. Headings are left out. */
export function readPassages(text: string): readonly Passage[] {
  const found = text.split("\n").flatMap(readLine).slice(0, most);
  const counts = new Map<string, number>();
  for (const { text: said } of found) {
    for (const word of significantWords(said)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const fresh = found.filter((passage, index) => passage.time !== undefined || !repeats(found, index));
  return fresh.map((passage) => ({ ...passage, weight: weightOf(`${passage.level ?? ""} ${passage.text}`, counts) }));
}

/** Whether a passage says again what an earlier one has said, as reports do that quote an answer beside its source. */
function repeats(found: readonly { readonly text: string }[], index: number): boolean {
  const text = found[index]?.text ?? "";
  return found.some((other, at) => at < index && other.text.length > 12 && text.endsWith(other.text));
}

function readLine(raw: string): readonly Omit<Passage, "weight">[] {
  const line = raw.trim().replace(bulletPattern, "");
  const time = timePattern.exec(line);
  const afterTime = time ? line.slice(time[0].length) : line;
  const level = levelPattern.exec(afterTime);
  const rest = level ? afterTime.slice(level[0].length) : afterTime;
  const text = rest.replace(/^\[([A-Za-z][\w.-]*)\]\s+/, "$1: ").trim();
  if (text === "" || /^[^\p{L}\d]+$/u.test(text)) return [];
  if (time?.[1] !== undefined || level?.[1] !== undefined) {
    return [
      {
        text,
        ...(time?.[1] === undefined ? {} : { time: time[1] }),
        ...(level?.[1] === undefined ? {} : { level: level[1] }),
      },
    ];
  }
  if (/^[^.!?]{1,40}:$/.test(text)) return [];
  return text.split(sentenceEnd).map((sentence) => ({ text: sentence.trim() }));
}

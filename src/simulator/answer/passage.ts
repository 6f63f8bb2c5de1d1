import { isEnd, isFrame, readHeading, type SectionKind } from "./heading.ts";
import { type Line, readLine } from "./line.ts";
import { type Moment, onlyDay, readMoment } from "./moment.ts";
import { significantWords, weightOf } from "./words.ts";

/** A sentence or a line of a log. */
export interface Passage extends Line {
  /** The time it bears, comparable. */
  readonly moment?: Moment;
  /** The section of a report in which it stands. */
  readonly section?: SectionKind;
  /** How much it says: its frequent words, numbers, and words of alarm. */
  readonly weight: number;
}

/** Passages that are read of one text. */
const most = 1_000;

type Unweighed = Omit<Passage, "weight">;

/** Cuts a text into passages: lines of a log, sentences of prose. Headings and frames are left out; a day in one is the day of the times below it. */
export function readPassages(text: string): readonly Passage[] {
  const found: Unweighed[] = [];
  let section: SectionKind | undefined;
  let day: string | undefined;
  let signed = false;
  for (const line of joinProse(text.split("\n"))) {
    const alone = /^\(?(\d{4}-\d\d-\d\d)\)?:?$/.exec(line)?.[1];
    const heading = alone === undefined ? readHeading(line) : undefined;
    if (alone !== undefined || heading || isFrame(line)) {
      day = alone ?? /\b\d{4}-\d\d-\d\d\b/.exec(line)?.[0] ?? day;
      section = heading?.kind ?? section;
      signed ||= isEnd(line);
      continue;
    }
    if (signed && /^[^\d.:]{1,40}$/.test(line) && line.split(" ").length <= 4) continue;
    for (const read of readLine(line)) {
      const moment = read.time === undefined ? undefined : readMoment(read.time, day);
      found.push({ ...read, ...(moment ? { moment } : {}), ...(section ? { section } : {}) });
    }
    if (found.length >= most) break;
  }
  return weighed(withoutRepeats(found.slice(0, most)));
}

/** The time as people read it: without its day where all passages are of one. */
export function timeOf(passage: Passage, among: readonly Passage[]): string {
  const { moment, time = "" } = passage;
  if (!moment) return time;
  const several =
    among.some(({ moment: other }) => other?.day !== undefined) && onlyDay(among.map((p) => p.moment)) === undefined;
  return several && moment.day !== undefined ? `${moment.day} ${moment.clock}` : moment.clock;
}

function weighed(found: readonly Unweighed[]): readonly Passage[] {
  const counts = new Map<string, number>();
  for (const { text: said } of found) {
    for (const word of significantWords(said)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return found.map((passage) => ({ ...passage, weight: weightOf(`${passage.level ?? ""} ${passage.text}`, counts) }));
}

/** Leaves out what says again what an earlier passage has said, as reports do that quote an answer beside its source. */
function withoutRepeats(found: readonly Unweighed[]): readonly Unweighed[] {
  const seen = new Set<string>();
  return found.filter(({ text, time }, index) => {
    const key = `${time ?? ""} ${text}`;
    const again =
      seen.has(key) ||
      (time === undefined &&
        found.some((other, at) => at < index && other.text.length > 12 && text.endsWith(other.text)));
    seen.add(key);
    return !again;
  });
}

/** Puts together what an e-mail program has broken: a long line without an end goes on in the next one. */
function joinProse(lines: readonly string[]): readonly string[] {
  const joined: string[] = [];
  let open = false;
  for (const raw of lines) {
    const line = raw.trim();
    const goesOn: boolean = open && /^[\p{L}\d"'(]/u.test(line) && !startsAnew(line);
    if (goesOn) joined.push(`${joined.pop() ?? ""} ${line}`);
    else joined.push(line);
    open = line.length >= 45 && /[\p{L}\d,;)"'-]$/u.test(line) && (goesOn || !startsAnew(line));
  }
  return joined;
}

/** Lines that stand for themselves: of a log, of a list, a heading, `key: value`. */
function startsAnew(line: string): boolean {
  const [first] = readLine(line);
  const stamped =
    first?.level !== undefined ||
    (first?.time !== undefined && /^\W{0,3}(?:\d{4}-|\d{1,2}:\d\d|[A-Z][a-z]{2} {1,2}\d)/.test(line));
  return (
    stamped ||
    readHeading(line) !== undefined ||
    isFrame(line) ||
    /^(?:[-*•>]|\d{1,3}[.)])\s/.test(line) ||
    /^[\w ]{1,24}[:=]\s?\S/.test(line)
  );
}

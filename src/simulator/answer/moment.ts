/** A point in time that a line bears: comparable within one text. */
export interface Moment {
  /** `2026-03-14`, or as written where the year is missing (`Mar 14`). Absent: the text names no day. */
  readonly day?: string;
  /** `09:12:04` or `09:12`. */
  readonly clock: string;
  /** Seconds: since 1970 where the day is known, else since midnight. */
  readonly seconds: number;
}

const form =
  /^(?:(\d{4}-\d\d-\d\d)[T ]|([A-Z][a-z]{2} {1,2}\d{1,2}) )?(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s?([ap]m)?/i;

/** Reads a written time. @param day the day of the lines before it, for times that name none. @returns undefined for a date alone. */
export function readMoment(written: string, day?: string): Moment | undefined {
  const found = form.exec(written);
  if (!found) return undefined;
  const [, date, monthDay, hour = "", minute = "", second, half] = found;
  const hours = (Number(hour) % (half ? 12 : 24)) + (half?.toLowerCase() === "pm" ? 12 : 0);
  const ofDay = hours * 3_600 + Number(minute) * 60 + Number(second ?? 0);
  const own = date ?? monthDay ?? day;
  const midnight =
    own === undefined ? 0 : Date.parse(`${monthDay ? `${own} 2000` : own}${monthDay ? " UTC" : "T00:00:00Z"}`) / 1_000;
  const clock = [String(hours).padStart(2, "0"), minute, ...(second === undefined ? [] : [second])].join(":");
  return {
    ...(own === undefined ? {} : { day: own }),
    clock,
    seconds: (Number.isNaN(midnight) ? 0 : midnight) + ofDay,
  };
}

/** The time from one moment to a later one in words: `40 s`, `9 min`, `2 h 5 min`. */
export function spanWords(from: Moment, to: Moment): string {
  const seconds = Math.max(0, to.seconds - from.seconds);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  if (minutes >= 48 * 60) return `${Math.round(minutes / 60 / 24)} days`;
  return `${Math.floor(minutes / 60)} h${rest > 0 ? ` ${rest} min` : ""}`;
}

/** The day of the first moment that has one; nothing where they are of several days. */
export function onlyDay(moments: readonly (Moment | undefined)[]): string | undefined {
  const days = new Set(moments.flatMap((moment) => (moment?.day === undefined ? [] : [moment.day])));
  return days.size === 1 ? [...days][0] : undefined;
}

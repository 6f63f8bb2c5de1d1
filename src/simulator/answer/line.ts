import { isJsonObject, type Json } from "../../core/json.ts";

/** A line or sentence, taken apart. */
export interface Line {
  /** Without time, level and bullet, white space squeezed; a log's source stands before a colon. */
  readonly text: string;
  /** As written. */
  readonly time?: string;
  /** In capitals. */
  readonly level?: string;
  /** Who wrote the line of a log. */
  readonly source?: string;
}

const timeForm =
  /^\W{0,3}(\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?|[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d(?::\d\d)?|\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{3})?(?:\s?[ap]m\b)?)(?![\d-])(?:\]|\)|:|,|\s*[-–|])*\s*/;
const levelForm = /^[[(]?(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|ERR|CRIT(?:ICAL)?|FATAL|ALERT|EMERG)\b[\])]?:?\s*/;
const bullet = /^(?:[-*•>]\s+|\d{1,3}[.)]\s+)/;
const sentenceEnd = /(?<=[.!?]["')]?)\s+(?=["'(]?[A-Z0-9])/;
/** What only machines read. */
const ids =
  /\s*\b(?:trace|trace_?id|span|span_?id|request_?id|req_?id|correlation_?id|pid|tid|thread)=(?:"[^"]*"|\S+)/gi;

/** Takes a line apart: a line with a time or a level is one, other lines are cut at their sentences. */
export function readLine(raw: string): readonly Line[] {
  const line = raw.trim().replace(bullet, "");
  const record = readRecord(line);
  if (record) return [record];
  const time = timeForm.exec(line);
  const afterTime = time ? line.slice(time[0].length) : line;
  const level = levelForm.exec(afterTime);
  const rest = level ? afterTime.slice(level[0].length) : afterTime;
  if (time?.[1] !== undefined || level?.[1] !== undefined) {
    return [logLine(rest, time?.[1], level?.[1])].filter(({ text }) => text !== "");
  }
  return squeeze(rest)
    .split(sentenceEnd)
    .filter((sentence) => sentence !== "")
    .map(sentenceLine);
}

function logLine(rest: string, time: string | undefined, level: string | undefined): Line {
  const host = time !== undefined && /^[A-Z]/.test(time) ? /^[\w.-]+\s+(?=[\w./-]+(?:\[\d+\])?:\s)/.exec(rest) : null;
  const said = host ? rest.slice(host[0].length) : rest;
  const bracketed = /^\[([A-Za-z][\w./-]*)\]:?\s+/.exec(said);
  const named = /^([A-Za-z][\w./-]{1,40})(?:\[\d+\])?:\s+/.exec(said);
  const column =
    time !== undefined && level !== undefined
      ? /^([a-z][\w./]*(?:-[\w./-]+)|[a-z][\w./-]*(?=\s\s))\s+/.exec(said)
      : null;
  const found = bracketed ?? named ?? column;
  const source = found?.[1];
  const after = found ? said.slice(found[0].length) : said;
  const late =
    level === undefined
      ? /^(?:\[(warn|error|crit|alert|emerg|notice|info|debug)\]|(error|warning|fatal|critical):)\s*/i.exec(after)
      : null;
  const grade = level ?? (late?.[1] ?? late?.[2])?.toUpperCase();
  const text = squeeze((late ? after.slice(late[0].length) : after).replace(ids, ""));
  return {
    text: source === undefined ? text : `${source}: ${text}`,
    ...(time === undefined ? {} : { time }),
    ...(grade === undefined ? {} : { level: grade }),
    ...(source === undefined ? {} : { source }),
  };
}

/** A sentence may bear its time within: `At 14:05 the queue was full.` */
function sentenceLine(sentence: string): Line {
  const opening =
    /^(?:At|By|Around|About|From|Since|On \w+ at)\s+(\d{1,2}:\d\d(?::\d\d)?(?:\s?[ap]m\b)?)(?:\s+(?:UTC|GMT|CET|[A-Z]{3,4}))?,?\s+(?=[\p{L}"])/u.exec(
      sentence,
    );
  if (opening?.[1] !== undefined) {
    const rest = sentence.slice(opening[0].length);
    if (/^(?:to|until|and|till)\b/.test(rest)) return { text: sentence, time: opening[1] };
    return { text: rest.charAt(0).toUpperCase() + rest.slice(1), time: opening[1] };
  }
  const within = /\b(?:at|by|around|since|from)\s+(\d{1,2}:\d\d(?::\d\d)?(?:\s?[ap]m\b)?)/.exec(sentence)?.[1];
  if (within === undefined) return { text: sentence };
  const ending = new RegExp(`\\s+at ${within}(?=[.!]?$)`);
  return { text: sentence.replace(ending, ""), time: within };
}

/** A log of JSON lines. */
function readRecord(line: string): Line | undefined {
  if (!line.startsWith("{") || !line.endsWith("}")) return undefined;
  try {
    const record: unknown = JSON.parse(line);
    if (!isJsonObject(record as Json)) return undefined;
    const fields = new Map(
      Object.entries(record as Record<string, Json>).map(([key, value]) => [key.toLowerCase(), value]),
    );
    const pick = (...keys: readonly string[]) =>
      keys.map((key) => fields.get(key)).find((value): value is string => typeof value === "string");
    const message = pick("msg", "message", "event", "text");
    if (message === undefined) return undefined;
    const time = pick("time", "ts", "timestamp", "@timestamp");
    const level = pick("level", "severity", "lvl")?.toUpperCase();
    const source = pick("service", "component", "logger", "app", "name");
    return {
      text: squeeze(source === undefined ? message : `${source}: ${message}`),
      ...(time === undefined ? {} : { time }),
      ...(level === undefined ? {} : { level }),
      ...(source === undefined ? {} : { source }),
    };
  } catch {
    return undefined;
  }
}

function squeeze(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

import { countWord } from "./words.ts";

const grave =
  "critical,fatal,outage,down,emergency,data loss,breach,unavailable,all users,all customers,panic,crash,sev1,p1,fire,injury".split(
    ",",
  );
const serious =
  "error,fail,failure,severe,major,timeout,timed out,urgent,exhausted,refused,rejected,exceeded,broken,lost,angry,unacceptable".split(
    ",",
  );
const moderate =
  "warn,warning,degraded,slow,retry,retrying,moderate,partial,latency,delayed,late,problem,issue,waiting,not arrived,nobody answers,money back,complaint,deadline".split(
    ",",
  );

const ranks: readonly (readonly [RegExp, number])[] = [
  [/^(?:critical|crit|sev[\s-]?[01]|p[01]|blocker|emergency|fatal|urgent|very high|severe)$/i, 4],
  [/^(?:high|major|error|sev[\s-]?2|p2|serious|important)$/i, 3],
  [/^(?:medium|moderate|normal|warning|warn|sev[\s-]?3|p3|mid|average)$/i, 2],
  [/^(?:low|minor|info|trivial|sev[\s-]?4|p4|notice|cosmetic)$/i, 1],
  [/^(?:none|no|nil|ok|healthy)$/i, 0],
];

/** Where a value stands on the scale 0 (none) .. 4 (critical); undefined: it isn't a word of severity. */
export function severityRank(value: string): number | undefined {
  return ranks.find(([pattern]) => pattern.test(value))?.[1];
}

/** How bad a text sounds, on the same scale. Denied words (`no outage`) don't count. */
export function severityOf(text: string): number {
  const count = (words: readonly string[]) => words.reduce((sum, word) => sum + countWord(text, word), 0);
  const graves = count(grave);
  const seriouses = count(serious);
  if (graves >= 1 && graves + seriouses >= 2) return 4;
  if (graves >= 1 || seriouses >= 2) return 3;
  if (seriouses >= 1 || count(moderate) >= 1) return 2;
  return 1;
}

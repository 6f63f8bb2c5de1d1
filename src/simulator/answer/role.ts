import type { Passage } from "./passage.ts";

/** What a passage tells in the story of an incident. */
export type Role = "change" | "mechanism" | "failure" | "impact" | "remedy" | "recovery" | "note";

const number = "\\d(?:[\\d,.]*\\d)?\\s*k?";
const people =
  "(?:users?|customers?|clients?|people|persons?|patients?|passengers?|visitors?|subscribers?|merchants?|stores?|shops?|accounts?|tenants?|drivers?|students?|employees?|colleagues)";
const business =
  "(?:orders?|payments?|bookings?|transactions?|messages?|e-?mails?|requests?|sessions?|carts?|checkouts?|invoices?|logins?|log-ins|calls?|records?|rows?|writes?|files?|jobs?|tickets?|uploads?|refunds?|authori[sz]ations?)";

/** Numbers of people. */
export const peopleCount = new RegExp(
  `${number}\\s+(?:[\\p{L}-]+\\s+){0,2}${people}\\b|${people}(?:\\s*\\([^)]*\\))?\\s*[=:]\\s*${number}`,
  "iu",
);
/** Numbers of what a business counts. */
export const businessCount = new RegExp(
  `${number}\\s+(?:[\\p{L}-]+\\s+){0,2}${business}\\b|(?<![\\p{L}\\d_])${business}(?:\\s+[\\p{L}-]+)?(?:\\s*\\([^)]*\\))?\\s*[=:]\\s*${number}`,
  "iu",
);
const share = /\d(?:\.\d+)?\s*(?:%|percent)/i;

const forms: Readonly<Record<Role, RegExp>> = {
  change:
    /\b(?:deploy(?:ed|s|ing|ment)?|release[sd]?|roll(?:ed|ing)?[ -]?out|rollout|config(?:uration)?|migrat\w*|upgrad\w*|feature[ -]flag|flag|rotat\w*|cut[ -]?over|schema|patch(?:ed|ing)?|scal(?:ed|ing) (?:up|down|in)|maintenance|merged|apply|applied|rais(?:ed|ing)|lower(?:ed|ing)|changed?|enabled|new (?:version|rule|job)|vacuum|backup started|import started|index build|batch started)\b/i,
  mechanism:
    /\b(?:because|caus(?:ed|es|ing)(?: by)?|due to|root cause|reason|turned out|leak\w*|exhaust\w*|expir\w*|not closed|never [a-z]+ed|held by|deadlock\w*|misconfigur\w*|out of memory|oom\w*|no space|disk (?:is )?full|is full|was full|limit reached|missing|typo|revoked|bug|corrupt\w*|reserved for|too many|too small|too low|forg[eo]t\w*|no longer|not after|notafter|hardware|power|overheat\w*|i\/o error|single point|wrong|stale)\b/i,
  failure:
    /\b(?:\w*errors?|\w*exception|fail(?:ed|s|ing|ure)?|time(?:d )?-?out|5xx|50[0234]|unavailable|refus\w*|could not|cannot|can't|unable|reject\w*|exceeded|lost|down|outage|unreachable|crash\w*|panic|abort\w*|broken|stuck|stopped|unresponsive|not respond\w*|is dead|went away)\b/i,
  impact: new RegExp(
    `${peopleCount.source}|${businessCount.source}|${share.source}|\\b(?:affected|unable to|could not (?:pay|order|log|sign|book|reach)|complain\\w*|(?:users|customers|clients|patients|passengers)\\b)`,
    "iu",
  ),
  remedy:
    /\b(?:roll(?:ed|ing|s)? ?back|rollback|revert\w*|restart\w*|terminat\w*|killed|promot\w*|fail(?:ed|ing|s)? ?over|failover|replac\w*|renewed|reissued|issued|installed|drain\w*|purg\w*|restor(?:ed?|ing)|disabled|fix(?:ed)?|hotfix|mitigat\w*|reloaded|switched|rebooted|freed|deleted)\b/i,
  recovery:
    /\b(?:recover(?:ed|s|y)?|resolved|back to normal|back to|healthy|ended|all clear|incident (?:is )?closed|works? again|normal again|restored|is (?:back )?up|caught up)\b|(?:5\d\d|5xx|error|fail)\w*[^%]*(?<![\d.])0(?:\.\d+)?\s?%|(?<![\d.])0(?:\.\d+)?\s?%[^%]*(?:5\d\d|5xx|error|fail)/i,
  note: /:\s["“][^"”]{20,}["”][^"”]{0,20}$/,
};

/** Whether a passage plays a role. */
export function plays(role: Role, { text, level }: Passage): boolean {
  if (role === "failure" && level !== undefined && /^(?:ERR|CRIT|FATAL|EMERG|ALERT)/.test(level)) return true;
  if (role === "failure" && level !== undefined && /^(?:TRACE|DEBUG|INFO|NOTICE)/.test(level)) return false;
  if (role === "recovery" && level !== undefined && /^(?:ERR|CRIT|FATAL|EMERG|ALERT)/.test(level)) return false;
  return forms[role].test(text);
}

/** Whether a passage tells of trouble: by its level, or by its words where it has none. */
export function isTrouble(passage: Passage): boolean {
  return passage.level === undefined
    ? plays("failure", passage) && !plays("recovery", passage)
    : /^(?:WARN|ERR|CRIT|FATAL|EMERG|ALERT)/.test(passage.level);
}

import type { Passage } from "./passage.ts";

const suffix =
  /(?:^|[-_.])(?:api|service|svc|db|database|worker|gateway|queue|cache|proxy|server|redis|postgres|mysql|store|auth|broker|scheduler|frontend|backend|cluster|node|pool|app|web)\d*$/i;
const wellKnown =
  /\b(database|postgres|mysql|redis|kafka|nginx|kubernetes|dns|api|gateway|load balancer|cache|queue|login|checkout|payment|billing|website|app|network|disk|printer|engine|server)s?\b/gi;

/** `the search cluster`, `our booking page`. */
const called =
  /\b(?:the|our|a|this) ([a-z]+ (?:cluster|page|site|service|system|database|server|queue|app|platform|store|network|gateway|machine|line))\b/gi;

/** The part of a system that the passages speak of most, if they speak of any: in brackets, after `service=`, before a colon, or with a name such as `payments-api`. */
export function mainComponent(passages: readonly Passage[]): string | undefined {
  const scores = new Map<string, number>();
  const add = (name: string | undefined, points: number) => {
    if (name === undefined || name.length < 2) return;
    scores.set(name, (scores.get(name) ?? 0) + points * (suffix.test(name) ? 2 : 1));
  };
  for (const { text, level, source } of passages) {
    const alarm = level !== undefined && /^(?:ERR|CRIT|FATAL|ALERT|EMERG)/.test(level) ? 2 : 1;
    for (const match of text.matchAll(/\[([A-Za-z][\w.-]{1,40})\]/g)) add(match[1], 3 * alarm);
    for (const match of text.matchAll(
      /\b(?:service|component|module|system|host|app)\s*[=:]\s*"?([A-Za-z][\w.-]*\w)/gi,
    )) {
      add(match[1], 4 * alarm);
    }
    add(/^([a-z][\w.-]{2,40}):\s/i.exec(text)?.[1], level === undefined ? 1 : 3 * alarm);
    for (const match of text.matchAll(/\b[a-z][a-z0-9]*(?:[-_][a-z0-9]+)+\b/g)) {
      if (suffix.test(match[0]) || source !== undefined || level !== undefined)
        add(match[0], suffix.test(match[0]) ? 2 * alarm : 0.5);
    }
    for (const match of text.matchAll(called)) add(match[1]?.toLowerCase(), 2 * alarm);
    for (const match of text.matchAll(wellKnown)) add(match[1]?.toLowerCase(), 0.8 * alarm);
  }
  const [best] = [...scores].sort((a, b) => b[1] - a[1]);
  return best?.[0];
}

import { bare, briefly, diagnose, quoted } from "./cause.ts";
import { mainComponent } from "./component.ts";
import type { Material } from "./material.ts";
import type { Passage } from "./passage.ts";
import type { Proposal } from "./proposal.ts";
import { plays } from "./role.ts";

/** What a line of some kind asks for. Groups of the pattern are given to the sentence. */
type Rule = readonly [line: RegExp, action: (part: string, found: RegExpExecArray) => string];

/** Remedies for what a text may name as its mechanism, the more special first. */
const rules: readonly Rule[] = [
  [
    /\b(?:certificate|cert|tls|ssl)\b.*\bexpir|\bexpir\w*.*\b(?:certificate|cert|tls|ssl)\b/i,
    (part) => `Renew the certificates of ${part} automatically, and alert 30 days before one expires`,
  ],
  [
    /\b(token|password|credentials?|secret|key|licen[cs]e|domain)\b.*\bexpir|\bexpir\w*.*\b(token|password|credentials?|secret|key|licen[cs]e|domain)\b/i,
    (part, [, a, b]) => `Renew the ${a ?? b} of ${part} automatically, and alert before it expires`,
  ],
  [
    /\b(?:disk|volume|space|inodes?)\b.*\bfull\b|\bno space\b|\bdisk\b.*\b9\d%/i,
    (part) => `Add an alert on the free space of ${part} at 80 %, and clean up old files by a schedule`,
  ],
  [
    /\b(?:connections?|slots|pool)\b/i,
    (part) => `Add an alert on the open connections of ${part} well below their limit`,
  ],
  [
    /\b(?:memory|oom\w*|heap)\b/i,
    (part) => `Add an alert on the memory of ${part}, and a limit that ends a single request before the process`,
  ],
  [
    /\b(?:replication|replica|standby|lag)\b/i,
    (part) => `Add an alert on the replication lag of ${part}, and rehearse the failover`,
  ],
  [/\b(?:queue|backlog|lag)\w*\b/i, (part) => `Add an alert on the backlog of ${part}`],
  [
    /\b(?:power|hardware|i\/o error|controller|raid)\b/i,
    (part) => `Replace the failing hardware of ${part}, and alert on its first errors`,
  ],
  [/\btime(?:d )?-?out/i, (part) => `Set a shorter timeout and limit the retries of calls to ${part}`],
  [
    /\b5xx\b|\b50[0234]\b|\berrors?\b|\b\w+(?:Error|Exception)\b|\bp9\d\b/i,
    (part) => `Add an alert on the error rate of ${part} that fires within a minute`,
  ],
];

const changeKinds: readonly (readonly [RegExp, string])[] = [
  [/\bmigrat|\bschema\b|\bindex\b/i, "Test migrations on a copy of production's size before they run, first of all"],
  [
    /\bconfig|\bflag\b|\bset to\b|\brais|\blower|\brule\b/i,
    "Review configuration changes like a release, and undo on its own the kind of",
  ],
  [
    /\bdeploy|\brelease|\broll|\bversion\b|\bupgrad/i,
    "Release to one instance first and stop on its errors, starting with the area of",
  ],
];

/** What a text asks to be done, most urgent first: against its cause, so that it is noticed earlier, against the change that began it, and for the way out. */
export function proposals({ passages, subject }: Material): readonly Proposal[] {
  const { course, evidence, also, named } = diagnose(
    passages.filter(({ section }) => section !== "summary" && section !== "impact" && section !== "next"),
  );
  const told = passages.filter(({ section }) => section !== "next" && section !== "summary");
  const part = subject ?? mainComponent(told) ?? "the service";
  const team = teamIn(told);
  const found: { readonly action: string; readonly owner: string }[] = [];
  const add = (action: string | undefined, owner = part, own = team) => {
    if (action !== undefined && !found.some((other) => other.action === action))
      found.push({ action, owner: own ?? owner });
  };
  for (const { text } of passages.filter(
    ({ section, text: line }) => section !== "summary" && (section === "next" || wish.test(line)),
  ))
    add(imperative(text), part, /^(?:the|our) ([\w-]+ team)\b/i.exec(text)?.[1]);
  if (evidence && named) {
    const where = also ? part : (partOf(evidence) ?? part);
    add(`Fix in ${where}: ${lowered(bare(also ?? evidence).replace(`${where}: `, ""))}`, where);
  }
  const { change } = course;
  if (change) add(`Review the last change before it (${briefly(change)}) and add a test for this failure`);
  const bad = told.filter(
    (passage) => plays("mechanism", passage) || plays("failure", passage) || plays("impact", passage),
  );
  const troubles = [...bad.filter((passage) => partOf(passage) !== undefined), ...(evidence ? [evidence] : []), ...bad];
  for (const passage of troubles) {
    for (const [line, action] of rules) {
      const match = line.exec(passage.text);
      if (!match) continue;
      const where = partOf(passage) ?? part;
      if (!found.some((other) => sameKind(other.action, action(where, match)))) add(action(where, match), where);
      break;
    }
  }
  const kind = change && changeKinds.find(([form]) => form.test(change.text))?.[1];
  if (kind && change) add(`${kind} ${partOf(change) === undefined ? "this change" : part}`);
  const way = told.find(
    (passage) => plays("remedy", passage) && !plays("failure", passage) && !wish.test(passage.text),
  );
  if (way)
    add(`Write down and rehearse the way out: ${lowered(bare(way)).replace(/ (?:started|finished|completed?)$/, "")}`);
  const { failure } = course;
  if (failure && found.length < 3) {
    add(
      failure.source === undefined
        ? `Find out how ${part} can notice this before its users do`
        : `Add an alert on this in ${partOf(failure) ?? part}: ${lowered(bare(failure))}`,
    );
  }
  if (found.length === 0 && told.length > 0) add(`Look into what ${part} reported`);
  return found.map(({ action, owner }, rank) => ({
    action: action.replace(/\.$/, ""),
    owner,
    priority: rank === 0 ? "high" : rank < 3 ? "medium" : "low",
    due: dueAt(rank, passages),
  }));
}

/** Whether a key, or a wish, asks for something to be done. */
export function asksForActions(text: string): boolean {
  return /\b(?:next steps?|recommend\w*|actions?|action items|mitigat\w*|what should|follow-?ups?|to-?dos?|tasks?|remed(?:y|ies)|prevent\w*)\b/i.test(
    text,
  );
}

const wish =
  /^(?:[\w.-]+: )?(?:we|you|they|somebody|the \w+(?: team)?) (?:should|must|need to|ought to|will|are going to|plan to)\s/i;

/** `We should renew it earlier.` as `Renew it earlier`; what is an imperative already stays. */
function imperative(text: string): string | undefined {
  const rest = wish.test(text) ? text.replace(wish, "") : text;
  const said = rest.replace(/^(?:also|now|then|therefore)\s+/i, "");
  return said.length < 8 ? undefined : `${said.charAt(0).toUpperCase()}${said.slice(1)}`;
}

/** A team by its name: `checkout-team`, `the platform team`, `oncall=sre`. */
function teamIn(passages: readonly Passage[]): string | undefined {
  for (const { text } of passages) {
    const found =
      /\b([a-z][\w]*[-_]team)\b/i.exec(text)?.[1] ??
      /\b(?:the|our) ([a-z][\w-]* team)\b/i.exec(text)?.[1] ??
      /\b(?:team|oncall|on-call|owner)[=:]\s*"?([a-z][\w-]*\w)/i.exec(text)?.[1] ??
      /\b([A-Z][\w-]+ [Tt]eam)\b/.exec(text)?.[1];
    if (found !== undefined && !/^(?:whole|entire|same|other) /i.test(found)) return found;
  }
  return undefined;
}

/** The component that a line is of: its source, unless that only reports on others. */
function partOf(passage: Passage): string | undefined {
  const own = passage.source ?? /^([a-z][\w]*(?:-[\w]+)+): /.exec(quoted(passage))?.[1];
  return own === undefined ||
    /^(?:deploy\w*|pager|oncall|on-call|metrics|repository|ci|monitor\w*|alert\w*|gateway|lb|kernel|systemd|ops|chat|slack|change)$/i.test(
      own,
    )
    ? undefined
    : own;
}

/** Two proposals that differ only in their component: one is enough. */
function sameKind(a: string, b: string): boolean {
  const beginning = (text: string) => text.split(/ of | in /, 1)[0];
  return beginning(a) === beginning(b);
}

function lowered(text: string): string {
  const plain = text.replace(/\.$/, "");
  return /^[A-Z][a-z]/.test(plain) ? `${plain.charAt(0).toLowerCase()}${plain.slice(1)}` : plain;
}

function dueAt(rank: number, passages: readonly Passage[]): string {
  const days = rank === 0 ? 3 : rank < 3 ? 14 : 30;
  const day = passages
    .map(({ moment }) => moment?.day)
    .find((written) => written !== undefined && /^\d{4}-/.test(written));
  if (day === undefined) return `within ${days} days`;
  const at = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(at) ? `within ${days} days` : new Date(at + days * 86_400_000).toISOString().slice(0, 10);
}

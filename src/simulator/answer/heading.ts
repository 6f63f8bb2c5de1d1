/** What a section of a report is about. */
export type SectionKind = "title" | "summary" | "timeline" | "impact" | "cause" | "next" | "other";

const kinds: readonly (readonly [RegExp, SectionKind])[] = [
  [/^(?:(?:executive )?summary|overview|in short|tl;?dr)$/i, "summary"],
  [/^(?:(?:the )?timeline|what happened|chronology|sequence of events|events)$/i, "timeline"],
  [/^(?:(?:the )?impact|who was affected|affected|consequences)$/i, "impact"],
  [/^(?:(?:the |likely |probable )?(?:root )?causes?|why|why it happened|what went wrong)$/i, "cause"],
  [/^(?:next|next steps?|(?:follow-?up )?actions?|action items|follow-?ups?|recommendations?|what next)$/i, "next"],
  [/^(?:background|details?|resolution|lessons(?: learned)?|facts|log|notes?)$/i, "other"],
];

/** A line that only names what follows. */
export interface Heading {
  readonly kind: SectionKind;
  readonly title: string;
}

/** Reads a heading: `## Impact`, `**Impact**`, `Impact:`, a usual section's name alone, or a report's title. @returns undefined: the line says something. */
export function readHeading(line: string): Heading | undefined {
  const marked = /^#{1,6}\s+(.+?)\s*#*$/.exec(line)?.[1] ?? /^(?:\*\*|__)([^*_]+)(?:\*\*|__):?$/.exec(line)?.[1];
  const title = (marked ?? line).replace(/[*_:\s]+$/, "").replace(/^[*_]+/, "");
  const kind = kinds.find(([name]) => name.test(title))?.[1];
  if (kind) return { kind, title };
  if (/^(?:(?:incident )?report|post-?mortem|incident)\s*:\s*\S/i.test(marked ?? line) && line.length <= 160) {
    return { kind: "title", title: title.replace(/^[^:]*:\s*/, "") };
  }
  if (marked !== undefined || /^[^.!?]{1,40}:$/.test(line)) return { kind: "other", title };
  return undefined;
}

/** Lines that hold no words of the text: fences, rules, the borders of tables, an e-mail's head, greeting and end. */
export function isFrame(line: string): boolean {
  return (
    /^[^\p{L}\d]*$/u.test(line) ||
    /^(?:```|~~~)/.test(line) ||
    /^(?:from|to|cc|bcc|date|sent|subject|reply-to|message-id|mime-version|content-type)\s*:/i.test(line) ||
    /^(?:hi|hello|dear|hey|good (?:morning|afternoon|evening))\b[^.!?]{0,40}[,!]?$/i.test(line) ||
    isEnd(line)
  );
}

/** How a letter ends, before the name. */
export function isEnd(line: string): boolean {
  return /^(?:(?:best|kind|warm|many)?\s*(?:regards|wishes|thanks|cheers|greetings)|thank you|sincerely|yours)\b[^.!?]{0,30}[,.!]?$/i.test(
    line,
  );
}

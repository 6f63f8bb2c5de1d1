import type { Position } from "../locator.ts";

/** A part of a text that was replaced. */
export interface Edit {
  /** Line of the new text, and the column right behind the new part; 1-based. */
  readonly line: number;
  readonly end: number;
  /** Characters that the old part had more than the new one. */
  readonly shorter: number;
}

/** A text in our templates' words, with what was replaced in it. */
export interface Rewritten {
  readonly text: string;
  readonly edits: readonly Edit[];
}

/** What `.response` behind a step's output is called here: empty where the output is the response itself. */
export type ResponseField = (step: string) => string;

const braced = /\{\{([^{}\n]*)\}\}/g;
const quotedOrBraced = /"\{\{([^{}\n]*)\}\}"|'\{\{([^{}\n]*)\}\}'|\{\{([^{}\n]*)\}\}/g;
const response = /\b(steps\.([A-Za-z][\w-]*)\.output)\.response\b/g;

/** `{{steps.NAME.output.response}}` in a prompt or parameter: the step's output. Everything else stays as it is. */
export function rewriteText(text: string, field: ResponseField): Rewritten {
  return replaceAll(text, braced, ([whole]) => ({ fresh: withResponses(whole, field), lead: 0 }));
}

/** A condition: a Liquid expression without the braces (and the quotes around them) that mark its references. */
export function rewriteCondition(text: string, field: ResponseField): Rewritten {
  return replaceAll(text, quotedOrBraced, ([whole, double, single, bare]) => {
    const reference = (double ?? single ?? bare ?? "").trim();
    return { fresh: withResponses(reference, field), lead: whole.indexOf(reference) };
  });
}

/** Where a position of the new text stood in the old one. */
export function originalPosition({ line, column }: Position, edits: readonly Edit[]): Position {
  const before = edits.filter((edit) => edit.line === line && edit.end <= column);
  return { line, column: before.reduce((sum, { shorter }) => sum + shorter, column) };
}

function withResponses(text: string, field: ResponseField): string {
  return text.replace(response, (_, output: string, step: string) => `${output}${field(step)}`);
}

/** @param replacement the new part; `lead`: how many characters in front of it are left out */
function replaceAll(
  text: string,
  pattern: RegExp,
  replacement: (match: RegExpExecArray) => { readonly fresh: string; readonly lead: number },
): Rewritten {
  const edits: Edit[] = [];
  let made = "";
  let done = 0;
  const record = (shorter: number) => {
    const lines = made.split("\n");
    if (shorter !== 0) edits.push({ line: lines.length, end: (lines.at(-1) ?? "").length + 1, shorter });
  };
  for (const match of text.matchAll(pattern)) {
    const [old] = match;
    const { fresh, lead } = replacement(match);
    made += text.slice(done, match.index);
    record(lead);
    made += fresh;
    done = match.index + old.length;
    record(old.length - fresh.length - lead);
  }
  return { text: made + text.slice(done), edits };
}

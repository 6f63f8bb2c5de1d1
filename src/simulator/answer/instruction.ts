const verbs = [
  "read|look at|classify|categori[sz]e|label|triage|rate|score|summari[sz]e|condense|shorten|list|extract|find|identify",
  "describe|explain|tell|give|write|draft|compose|translate|answer|respond|reply|return|output|use|keep|do not|don't|only",
  "name|state|say|show|analy[sz]e|review|check|decide|choose|pick|determine|assess|evaluate|rewrite|turn|convert|make",
  "create|generate|produce|compare|plan|count|calculate|compute|solve|fill|mark|sort|group|rank|split|correct|improve|prepare|think|help|propose|suggest|recommend|outline|you are|you write|your task|act as|be|based on|given",
].join("|");
const imperative = new RegExp(`^(?:please|now|then|first|also)?,?\\s*(?:${verbs})\\b(?!\\s*[:=])`, "i");
/** `One fact a line, in order.` */
const manner =
  /^(?:one|each|every|no|at most|not more than|in|with|without)\b[^:]*\b(?:lines?|sentences?|words?|items?|order|bullets?)\b[^:]{0,20}$/i;
const question =
  /^(?:what|who|whom|whose|why|how|when|where|which|is|are|was|were|did|does|do|can|could|should)\b.*\?/i;
/** `Log:`, `Customer message:`: the title of what follows. */
const heading = /^[^.!?]{1,40}:$/;

/** The wish and the stuff of a prompt. Both may be empty. */
export interface SplitPrompt {
  readonly instruction: string;
  readonly stuff: string;
}

/**
 * Takes a prompt apart. Wishes stand at its beginning or its end: lines that begin with an imperative or a question, or that end with a
 * colon. If that is all, the wish may hold its stuff after a colon (`Label this: two chairs, one broken`) or in its later sentences.
 */
export function splitPrompt(prompt: string): SplitPrompt {
  const lines = prompt.split("\n").map((line) => line.trim());
  let from = 0;
  let to = lines.length;
  while (from < to && (isWish(lines[from] ?? "") || goesOn(lines[from - 1], lines[from] ?? ""))) from++;
  from = Math.max(from, belowFirstParagraph(lines));
  // A title directly above the stuff is the stuff's.
  if (from < to && from > 0 && isTitle(lines[from - 1] ?? "")) from--;
  while (to > from && isWish(lines[to - 1] ?? "") && !heading.test(lines[to - 1] ?? "")) to--;
  const instruction = [...lines.slice(0, from), ...lines.slice(to)].filter((line) => line !== "").join("\n");
  const stuff = lines.slice(from, to).join("\n").trim();
  return stuff === "" ? splitLine(instruction) : { instruction, stuff };
}

/** A long wish is broken into lines. */
function goesOn(before: string | undefined, line: string): boolean {
  return before !== undefined && before.length >= 60 && /[\p{L}\d,;]$/u.test(before) && /^[a-z]/.test(line);
}

/** Where the first paragraph is a wish and a title stands below it, all of that paragraph is the wish. @returns the title's line, else 0 */
function belowFirstParagraph(lines: readonly string[]): number {
  const first = lines.findIndex((line) => line !== "");
  const blank = lines.indexOf("", first);
  if (first < 0 || blank < 0 || !isWish(lines[first] ?? "")) return 0;
  const below = lines.findIndex((line, index) => index > blank && line !== "");
  return below > 0 && isTitle(lines[below] ?? "") ? below : 0;
}

function isTitle(line: string): boolean {
  return heading.test(line) && !imperative.test(line) && !question.test(line);
}

function isWish(line: string): boolean {
  return (
    line === "" ||
    imperative.test(line) ||
    manner.test(line) ||
    question.test(line) ||
    heading.test(line) ||
    /^[-=#*`~]{3,}/.test(line)
  );
}

function splitLine(text: string): SplitPrompt {
  const colon = /^([^:]{3,160}):\s+(\S[\s\S]*\s[\s\S]*)$/.exec(text);
  if (colon) return { instruction: colon[1] ?? "", stuff: colon[2] ?? "" };
  const sentences = text.split(/(?<=[.!?])\s+/);
  const wishes = sentences.filter((sentence) => isWish(sentence));
  if (wishes.length === 0) return { instruction: "", stuff: text };
  return { instruction: wishes.join(" "), stuff: sentences.filter((sentence) => !isWish(sentence)).join(" ") };
}

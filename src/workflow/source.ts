import { LineCounter, parseDocument } from "yaml";
import type { Problem } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { type Locator, locatorOf, nowhere } from "./locator.ts";
import { type Path, pathText } from "./path.ts";

/** A definition as it was handed in, read but not yet checked. */
export interface ReadSource {
  /** The JSON value, or undefined when the text could not be read that far. */
  readonly value: unknown;
  /** What the parser itself found wrong. */
  readonly problems: readonly Problem[];
  readonly locator: Locator;
}

/** Characters of a definition's text. Longer ones are refused before they are parsed. */
const maxLength = 2_000_000;

/** Expansions of YAML aliases; more is an attack ("billion laughs"), not a workflow. */
const maxAliases = 100;

/** Levels of objects and lists in each other. */
const maxDepth = 100;

/** Mistakes after which the rest of the text still means what it says. */
const harmless: ReadonlySet<string> = new Set(["DUPLICATE_KEY"]);

/** Reads YAML or JSON text with the position of everything in it; an object is taken as it is. Never throws. */
export function readSource(source: string | JsonObject): ReadSource {
  if (typeof source !== "string") return checked(source, [], nowhere);
  if (source.length > maxLength) {
    const message = `the text has ${source.length} characters; at most ${maxLength} are allowed.`;
    return { value: undefined, problems: [{ path: "", message }], locator: nowhere };
  }
  try {
    return readText(source);
  } catch (error) {
    const reason = error instanceof RangeError ? `${tooDeep}.` : `${(error as Error).message}.`;
    return { value: undefined, problems: [{ path: "", message: `cannot be read: ${reason}` }], locator: nowhere };
  }
}

function readText(text: string): ReadSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true, merge: false });
  const problems = [...document.errors, ...document.warnings].map(({ code, message, pos }): Problem => {
    const { line, col } = lines.linePos(pos[0]);
    return { path: "", message: `${wording(code, message)}.`, line, column: col };
  });
  const distinct = [...new Map(problems.map((problem) => [`${problem.line} ${problem.message}`, problem])).values()];
  const broken =
    document.warnings.length > 0 ||
    document.errors.some((error: { readonly code: string }) => !harmless.has(error.code));
  if (broken) return { value: undefined, problems: distinct, locator: nowhere };
  const value: unknown = document.toJS({ maxAliasCount: maxAliases });
  return checked(value, problems, locatorOf(document, text, lines));
}

function checked(value: unknown, problems: readonly Problem[], locator: Locator): ReadSource {
  const unfit = notJson(value, locator);
  const isTooDeep = unfit.some(({ message }) => message.startsWith(tooDeep));
  return { value: isTooDeep ? undefined : value, problems: [...problems, ...unfit], locator };
}

const tooDeep = "it is nested too deeply";

function wording(code: string, message: string): string {
  if (code === "DUPLICATE_KEY") return "this key stands here twice";
  if (code === "TAB_AS_INDENT") return "tabs cannot indent YAML; use spaces";
  if (code === "MULTIPLE_DOCS") return "a definition is one YAML document; a second one begins here";
  if (message.startsWith("Maximum call stack")) return tooDeep;
  return message.replace(/\.$/, "");
}

function notJson(value: unknown, locator: Locator, path: Path = []): Problem[] {
  if (typeof value === "number" && !Number.isFinite(value)) {
    const message = "must be a finite number: JSON knows no other.";
    return [{ path: pathText(path), message, ...locator.at(path, "value") }];
  }
  if (typeof value !== "object" || value === null) return [];
  if (path.length > maxDepth) return [{ path: "", message: `${tooDeep}: at most ${maxDepth} levels are allowed.` }];
  return Object.entries(value).flatMap(([key, member]) => notJson(member, locator, [...path, key]));
}

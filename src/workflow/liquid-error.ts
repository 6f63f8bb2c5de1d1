import { LiquidError, type Token } from "liquidjs";
import { didYouMean } from "../core/suggest.ts";
import { fileTags, liquid, NoValue } from "./liquid.ts";
import type { Position } from "./locator.ts";

/** What keeps a template from being parsed, as a sentence, and where in its text. */
export interface LiquidMistake {
  readonly message: string;
  readonly position: Position;
}

/** Explains what parsing a template or an expression threw. Rethrows what is not Liquid's. */
export function liquidMistake(error: unknown): LiquidMistake {
  if (!isLiquidError(error)) {
    if (error instanceof Error && error.name === "AssertionError")
      return { message: wording(error.message), position: start };
    throw error;
  }
  const position = positionOf(error.token);
  return { message: wording(bare(error)), position };
}

/** Liquid's words, where ours help more. */
function wording(message: string): string {
  const [, filter] = /^undefined filter: (.*)$/.exec(message) ?? [];
  if (filter !== undefined) return `there is no filter ${filter}.${didYouMean(filter, Object.keys(liquid.filters))}`;
  const [, tag] = /^tag "(.*)" not found$/.exec(message) ?? [];
  if (tag !== undefined && fileTags.has(tag)) return `tag ${tag} reads files, which no template here can.`;
  if (tag !== undefined) return `there is no tag ${tag}.${didYouMean(tag, Object.keys(liquid.tags))}`;
  return message === 'invalid value expression: ""' ? "an expression is missing." : `${message}.`;
}

/** Explains what rendering threw, naming the variable: `steps.a.output.x is missing (line 2)`. */
export function liquidFailure(error: unknown): string {
  if (!isLiquidError(error)) return (error as Error).message;
  const { line } = positionOf(error.token);
  const place = line > 1 ? ` (line ${line})` : "";
  const text = error.token.getText().trim();
  const cause: unknown = error.originalError;
  if (cause instanceof NoValue) return `${text} has no value${place}: a skipped step's output is null`;
  const missing = missingVariable(cause);
  if (missing === undefined) return `${text}: ${bare(error)}${place}`;
  return missing === text ? `${text} is missing${place}` : `${text} is missing: there is no ${missing}${place}`;
}

const start: Position = { line: 1, column: 1 };

function positionOf(token: Token): Position {
  const [line = 1, column = 1] = token.getPosition();
  return { line, column };
}

/** What LiquidError carries and its declarations hide. */
interface WithToken extends Error {
  readonly token: Token;
  readonly originalError?: unknown;
}

function isLiquidError(error: unknown): error is WithToken {
  return LiquidError.is(error);
}

/** Liquid appends the position to its messages. */
function bare(error: Error): string {
  return error.message.replace(/, line:\d+, col:\d+$/, "");
}

function missingVariable(error: unknown): string | undefined {
  const name: unknown = error instanceof Error && "variableName" in error ? error.variableName : undefined;
  return typeof name === "string" ? name : undefined;
}

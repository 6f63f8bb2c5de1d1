import jsonata from "jsonata";
import { didYouMean } from "../core/suggest.ts";
import { type JsonataNode, type JsonataReads, jsonataReads } from "./jsonata-reads.ts";
import type { Position } from "./locator.ts";
import type { Reference } from "./reference.ts";

/** A parsed JSONata expression. */
export interface JsonataExpression {
  readonly references: readonly Reference[];
  /** Whether it can read steps that no reference names. */
  readonly isOpen: boolean;
  /** Variables and functions that nobody defines. */
  readonly mistakes: readonly JsonataMistake[];
}

/** What is wrong with an expression, as a sentence, and where in its text. */
export interface JsonataMistake {
  readonly message: string;
  readonly position: Position;
}

/** What JSONata defines, without `$`. A test compares it with JSONata itself. */
export const builtInNames: readonly string[] = [
  ...["abs", "append", "assert", "average", "base64decode", "base64encode", "boolean", "ceil", "clone", "contains"],
  ...["count", "decodeUrl", "decodeUrlComponent", "distinct", "each", "encodeUrl", "encodeUrlComponent", "error"],
  ...["eval", "exists", "filter", "floor", "formatBase", "formatInteger", "formatNumber", "fromMillis", "join"],
  ...["keys", "length", "lookup", "lowercase", "map", "match", "max", "merge", "millis", "min", "not", "now"],
  ...["number", "pad", "parseInteger", "power", "random", "reduce", "replace", "reverse", "round", "shuffle"],
  ...["sift", "single", "sort", "split", "spread", "sqrt", "string", "substring", "substringAfter"],
  ...["substringBefore", "sum", "toMillis", "trim", "type", "uppercase", "zip"],
];

/** Parses an expression. @throws what {@link jsonataMistake} explains */
export function parseJsonata(text: string): JsonataExpression {
  const reads = jsonataReads(jsonata(text).ast() as unknown as JsonataNode, text);
  return {
    references: reads.paths.map(({ segments, offset }) => ({ segments, position: positionAt(text, offset) })),
    isOpen: reads.isOpen,
    mistakes: unknownVariables(reads, text),
  };
}

/** Explains what parsing an expression threw. Rethrows what is not JSONata's. */
export function jsonataMistake(error: unknown, text: string): JsonataMistake {
  const { code, message, position = 0, token } = error as Partial<jsonata.JsonataError>;
  if (typeof code !== "string" || typeof message !== "string") throw error;
  const length = typeof token === "string" && text.endsWith(token, position) ? token.length : 0;
  const sentence = code === "S0207" && text.trim() === "" ? "an expression is missing" : lowerFirst(message);
  return { message: `${sentence.replace(/\.$/, "")}.`, position: positionAt(text, position - length) };
}

/** Line and column of a 0-based offset, both 1-based. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, Math.max(0, offset)).split("\n");
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}

function unknownVariables({ variables, bound }: JsonataReads, text: string): readonly JsonataMistake[] {
  const known = [...builtInNames, ...bound];
  return variables
    .filter(({ name }) => !known.includes(name))
    .map(({ name, offset }) => {
      const meant = didYouMean(name, known).replace("mean ", "mean $");
      return { message: `nothing here is called $${name}.${meant}`, position: positionAt(text, offset) };
    });
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

import { parseExpression } from "./expression.ts";
import { jsonataMistake, parseJsonata } from "./jsonata.ts";
import type { TemplatePlace } from "./kinds/kind.ts";
import { liquidMistake } from "./liquid-error.ts";
import type { Position } from "./locator.ts";
import type { Reference } from "./reference.ts";
import { parseTemplate } from "./template.ts";

/** A text of a definition as its language reads it. */
export interface ReadText {
  readonly references: readonly Reference[];
  /** What is wrong with it, as sentences, and where in the text. */
  readonly mistakes: readonly { readonly message: string; readonly position: Position }[];
}

/** Reads a template or an expression, whatever its language is. Never throws for what its author wrote. */
export function readPlace({ text, language, result }: Omit<TemplatePlace, "path">): ReadText {
  if (language === "jsonata") return readJsonata(text);
  return language === "expression" ? readExpression(text) : readLiquid(() => parseTemplate(text, result));
}

function readExpression(text: string): ReadText {
  if (!isTemplate(text)) return readLiquid(() => parseExpression(text));
  const message = "is an expression as it stands; write it without braces.";
  return { references: [], mistakes: [{ message, position: { line: 1, column: 1 } }] };
}

/** Whether a text that should be an expression is written as a template. */
export function isTemplate(text: string): boolean {
  return /^\s*\{[{%]/.test(text);
}

/** Reads what is parsed as Liquid. */
export function readLiquid(parse: () => { readonly references: readonly Reference[] }): ReadText {
  try {
    return { references: parse().references, mistakes: [] };
  } catch (error) {
    const { message, position } = liquidMistake(error);
    return { references: [], mistakes: [{ message: `is not valid Liquid: ${message}`, position }] };
  }
}

function readJsonata(text: string): ReadText {
  try {
    return parseJsonata(text);
  } catch (error) {
    const { message, position } = jsonataMistake(error, text);
    return { references: [], mistakes: [{ message: `is not valid JSONata: ${message}`, position }] };
  }
}

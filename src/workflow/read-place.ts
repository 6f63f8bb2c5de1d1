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
  return language === "jsonata" ? readJsonata(text) : readLiquid(() => parseTemplate(text, result));
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

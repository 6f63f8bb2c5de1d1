import { Output, type Template as ParsedTemplate, TokenKind } from "liquidjs";
import type { Json } from "../core/json.ts";
import type { Scope } from "./compiled.ts";
import { type Expression, parseExpression, scopeObject } from "./expression.ts";
import { liquid } from "./liquid.ts";
import { type Reference, referencesIn } from "./reference.ts";

/** A parsed template. Parsed once, rendered any number of times. */
export interface Template {
  readonly text: string;
  readonly references: readonly Reference[];
  /** @throws what `liquidFailure` explains */
  render(scope: Scope): Json;
}

/**
 * Parses a template.
 * @param result `value`: a text that is one `{{ expression }}` and nothing else gives the expression's value as it is; `text`: always a string.
 * @throws what `liquidMistake` explains
 */
export function parseTemplate(text: string, result: "text" | "value" = "value"): Template {
  const parsed = liquid.parse(text);
  const whole = result === "value" ? wholeExpression(parsed) : undefined;
  if (whole) return { text, references: whole.references, render: (scope) => whole.value(scope) };
  return {
    text,
    references: referencesIn(parsed),
    render: (scope) => liquid.renderSync(parsed, scopeObject(scope)) as string,
  };
}

/** The expression of a template that is nothing else but blanks around it. */
function wholeExpression(parsed: readonly ParsedTemplate[]): Expression | undefined {
  const parts = parsed.filter((part) => part.token.kind !== TokenKind.HTML || part.token.getText().trim() !== "");
  const only = parts.length === 1 ? parts[0] : undefined;
  if (!(only instanceof Output)) return undefined;
  return parseExpression(only.token.input, only.token.contentRange);
}

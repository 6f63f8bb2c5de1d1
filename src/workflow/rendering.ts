import { AppError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { Rendering, Scope } from "./compiled.ts";
import { checkVariables, variableFailure, variablesIn } from "./env.ts";
import { parseExpression } from "./expression.ts";
import type { TemplatePlace } from "./kinds/kind.ts";
import { liquidFailure } from "./liquid-error.ts";
import { type Path, pathText, withReplaced } from "./path.ts";
import { readName } from "./reference.ts";
import { parseTemplate } from "./template.ts";

/** What is rendered. */
export interface RenderingParams {
  /** Begins the error's sentence: `Step "report"`. */
  readonly owner: string;
  readonly value: Json;
  readonly places: Iterable<TemplatePlace>;
  /** Stands before each place in errors: `["llm"]`. */
  readonly at: Path;
}

/** Parses the templates of a value, once. They must have been checked. */
export function renderingOf({ owner, value, places, at }: RenderingParams): Rendering {
  const parsed = [...places].map(({ path, text, result, language }) => {
    const template = language === "expression" ? parseExpression(text) : parseTemplate(text, result);
    const render = "value" in template ? template.value : template.render;
    return { path, place: [...at, ...path], template, render, variables: variablesIn(template.references) };
  });
  const reads = parsed.flatMap(({ template }) =>
    template.references.flatMap(({ segments }) => readName(segments) ?? []),
  );
  const rendered = ({ place, render, variables }: (typeof parsed)[number], scope: Scope): Json => {
    if (variables.length > 0) checkVariables(`${owner}, ${pathText(place)}`, variables, scope);
    try {
      return render(scope);
    } catch (error) {
      const failure = templateFailed(owner, place, error);
      if (variables.length === 0) throw failure;
      throw variableFailure(`${owner}, ${pathText(place)}`, variables, scope, failure);
    }
  };
  return {
    reads: [...new Set(reads)],
    render: (scope) => {
      const replacements = parsed.map((one) => ({ path: one.path, value: rendered(one, scope) }));
      return withReplaced(value, replacements);
    },
  };
}

/** The error of a template or condition that could not be evaluated. */
export function templateFailed(owner: string, place: Path, error: unknown): AppError {
  const message = `${owner}, ${pathText(place)}: ${liquidFailure(error)}.`;
  return new AppError("template_failed", { message, cause: error });
}

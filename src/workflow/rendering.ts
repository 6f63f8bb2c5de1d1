import { AppError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { Scope } from "./compiled.ts";
import type { TemplatePlace } from "./kinds/kind.ts";
import { liquidFailure } from "./liquid-error.ts";
import { type Path, pathText, withReplaced } from "./path.ts";
import { parseTemplate } from "./template.ts";

/** A JSON value whose templates are parsed and wait for a scope. */
export interface Rendering {
  /** Steps that the templates read. */
  readonly reads: readonly string[];
  /** The value with every template rendered. @throws AppError template_failed naming owner, place and variable. */
  render(scope: Scope): Json;
}

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
  const parsed = [...places].map(({ path, text, result }) => ({ path, template: parseTemplate(text, result) }));
  const reads = parsed.flatMap(({ template }) => template.references.flatMap(({ segments }) => stepRead(segments)));
  return {
    reads: [...new Set(reads)],
    render: (scope) => {
      const rendered = parsed.map(({ path, template }) => {
        try {
          return { path, value: template.render(scope) };
        } catch (error) {
          throw templateFailed(owner, [...at, ...path], error);
        }
      });
      return withReplaced(value, rendered);
    },
  };
}

/** The error of a template or condition that could not be evaluated. */
export function templateFailed(owner: string, place: Path, error: unknown): AppError {
  const message = `${owner}, ${pathText(place)}: ${liquidFailure(error)}.`;
  return new AppError("template_failed", { message, cause: error });
}

function stepRead(segments: readonly (string | number | null)[]): readonly string[] {
  const [root, id] = segments;
  return root === "steps" && typeof id === "string" ? [id] : [];
}

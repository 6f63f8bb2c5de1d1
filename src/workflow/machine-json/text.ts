import { AppError } from "../../core/errors.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { didYouMean } from "../../core/suggest.ts";
import type { Scope } from "../compiled.ts";
import { parseExpression } from "../expression.ts";
import { liquidFailure, liquidMistake } from "../liquid-error.ts";
import { type Path, pathText, stringsIn, withReplaced } from "../path.ts";
import type { ProblemList } from "../problem-list.ts";
import { type Reference, referenceText } from "../reference.ts";
import { parseTemplate } from "../template.ts";

/** What templates and guards of a machine may read, by root; null: whatever is in it. */
export type Readable = Readonly<Record<string, readonly string[] | null>>;

/** Values by root: `{ context, event }`, or `{ input }` where a machine begins. */
export type MachineScope = Readonly<Record<string, unknown>>;

/** Checks a guard: an expression without braces. */
export function checkGuard(text: string, path: Path, readable: Readable, problems: ProblemList): void {
  if (/^\s*\{[{%]/.test(text)) {
    problems.add(path, "is an expression as it stands; write it without braces.");
    return;
  }
  checkText(path, () => parseExpression(text).references, readable, problems);
}

/** Checks every template in a value. */
export function checkTemplatesIn(value: unknown, path: Path, readable: Readable, problems: ProblemList): void {
  for (const { path: inner, text } of stringsIn(value)) {
    checkText([...path, ...inner], () => parseTemplate(text).references, readable, problems);
  }
}

function checkText(path: Path, parse: () => readonly Reference[], readable: Readable, problems: ProblemList): void {
  try {
    for (const { segments, position } of parse()) {
      const [root, key] = segments;
      const known = Object.keys(readable);
      const text = referenceText(segments);
      if (!known.includes(String(root))) {
        const meant = didYouMean(String(root), known);
        problems.addInside(
          path,
          position,
          `${text}: there is no ${String(root)}.${meant} Known are ${known.join(", ")}.`,
        );
        continue;
      }
      const keys = readable[String(root)];
      if (keys && typeof key === "string" && !keys.includes(key)) {
        problems.addInside(path, position, `${text}: ${String(root)} has no ${key}.${didYouMean(key, keys)}`);
      }
    }
  } catch (error) {
    const { message, position } = liquidMistake(error);
    problems.addInside(path, position, `is not valid Liquid: ${message}`);
  }
}

/** A guard that has been checked, as a function. @throws AppError template_failed */
export function guardOf(text: string, path: Path): (scope: MachineScope) => boolean {
  const expression = parseExpression(text);
  return (scope) => explained(path, () => expression.holds(scopeOf(scope)));
}

/** A value that has been checked, as a function that renders its templates. @throws AppError template_failed */
export function renderingOf(value: Json, path: Path): (scope: MachineScope) => Json {
  const parsed = [...stringsIn(value)].map((one) => ({ ...one, template: parseTemplate(one.text) }));
  if (parsed.length === 0) return () => value;
  return (scope) => {
    const rendered = parsed.map(({ path: inner, template }) => ({
      path: inner,
      value: explained([...path, ...inner], () => template.render(scopeOf(scope))),
    }));
    return withReplaced(value, rendered);
  };
}

/** What is no JSON (an error that XState made) is read as what is stored of it. */
function scopeOf(values: MachineScope): Scope {
  const delivery = JSON.parse(JSON.stringify(values)) as JsonObject;
  return { input: {}, steps: {}, delivery };
}

function explained<T>(path: Path, evaluate: () => T): T {
  try {
    return evaluate();
  } catch (error) {
    const message = `The machine, ${pathText(path)}: ${liquidFailure(error)}.`;
    throw new AppError("template_failed", { message, cause: error });
  }
}

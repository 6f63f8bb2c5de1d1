import { AppError, type Problem } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { type CheckedDefinition, checkDefinition } from "../workflow/check.ts";
import { compileWorkflow } from "../workflow/compile.ts";
import type { StepKindSpec } from "../workflow/kinds/kind.ts";

/** What a plan's definition is checked with. */
export interface AcceptOptions {
  readonly kinds: readonly StepKindSpec[];
  readonly strategies?: readonly string[] | undefined;
  /** That the definition must have. */
  readonly name: string;
  readonly goal: string;
  readonly domain: string | null;
}

/**
 * Checks that a definition can be a plan's: it has no mistakes, has steps and the plan's name, and takes the input that plans give.
 * @throws AppError plan_invalid with every problem at once
 */
export function acceptDefinition(source: string | JsonObject, options: AcceptOptions): CheckedDefinition {
  const { kinds, strategies, name, goal, domain } = options;
  const checked = planned(() => checkDefinition(source, { kinds, ...(strategies ? { strategies } : {}) }));
  const problems: Problem[] = [];
  if (!Array.isArray(checked.source.steps))
    problems.push({ path: "steps", message: "a plan is written as a workflow with steps, not as a machine." });
  else if (checked.name !== name)
    problems.push({ path: "name", message: `is ${checked.name}; the plan's workflow is called ${name}.` });
  if (problems.length > 0) throw invalid(problems);
  planned(() => compileWorkflow(checked, { kinds }).checkInput(runInput(goal, domain)));
  return checked;
}

/** The input of a plan's run. */
export function runInput(goal: string, domain: string | null): JsonObject {
  return domain === null ? { goal } : { goal, domain };
}

/** A plan's definition with its name, where its author left that out. */
export function named(source: string | JsonObject, name: string): string | JsonObject {
  return isJsonObject(source) && source.name === undefined ? { name, ...source } : source;
}

/** plan_invalid with these problems. */
export function invalid(problems: readonly Problem[]): AppError {
  const lines = problems.map(({ path, message, line, column }) => {
    const where = line === undefined ? "" : `line ${line}, column ${column}: `;
    return `  ${where}${path === "" ? "" : `${path}: `}${message}`;
  });
  return new AppError("plan_invalid", { message: `The plan cannot be executed:\n${lines.join("\n")}`, problems });
}

function planned<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw invalid(error.problems.length > 0 ? error.problems : [{ path: "", message: error.message }]);
  }
}

import { AppError } from "../core/errors.ts";
import { createMask } from "../core/mask.ts";
import { didYouMean } from "../core/suggest.ts";
import type { Scope } from "./compiled.ts";
import type { Reference } from "./reference.ts";

/** Environment variables that steps may read, by name. Null: not set. */
export type StepVariables = NonNullable<Scope["env"]>;

/** The two names by which templates reach environment variables. */
export const envRoots: readonly string[] = ["env", "secrets"];

/** Environment variables that references name: `env.TOKEN` is `TOKEN`. */
export function variablesIn(references: readonly Reference[]): readonly string[] {
  return references.flatMap(({ segments: [root, name] }) => (envRoots.includes(String(root)) ? [String(name)] : []));
}

/** Refuses variables that steps may not read. @throws AppError variable_unavailable @param owner begins the sentence: `Step "report", http.url` */
export function checkVariables(owner: string, names: readonly string[], { env = {} }: Scope): void {
  for (const name of names) {
    if (Object.hasOwn(env, name)) continue;
    const known = Object.keys(env);
    const listed = known.length === 0 ? "none" : known.join(", ");
    throw new AppError("variable_unavailable", {
      message: `${owner}: reads env.${name}, which steps may not read here; SWITCHYARD_STEP_ENV lists ${listed}.${didYouMean(name, known)}`,
      details: { variable: name },
    });
  }
}

/** What a failed template's error becomes: one about the variable that is not set, if one is; never with a value of a variable in it. */
export function variableFailure(owner: string, names: readonly string[], scope: Scope, error: AppError): AppError {
  const { env = {} } = scope;
  const unset = names.find((name) => env[name] === null);
  if (unset !== undefined) {
    const message = `${owner}: env.${unset} is not set on the worker that executes the step.`;
    return new AppError("variable_unavailable", { message, details: { variable: unset } });
  }
  const mask = createMask(variableValues(env));
  return new AppError(error.code, { message: mask(error.message), details: error.details });
}

/** The values that are set. */
export function variableValues(env: StepVariables): readonly string[] {
  return Object.values(env).filter((value) => value !== null);
}

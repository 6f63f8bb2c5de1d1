import { Context, isTruthy, Tokenizer, toValue, toValueSync, Value } from "liquidjs";
import type { Json } from "../core/json.ts";
import type { Scope } from "./compiled.ts";
import { liquid, NoValue } from "./liquid.ts";
import { type Reference, referencesOf } from "./reference.ts";

/** A parsed Liquid expression without braces, filters included. */
export interface Expression {
  readonly text: string;
  readonly references: readonly Reference[];
  /** Its value, of whatever type it has. @throws what `liquidFailure` explains */
  value(scope: Scope): Json;
  /** Whether it holds: everything does except false and null. @throws what `liquidFailure` explains */
  holds(scope: Scope): boolean;
}

/** Reads one expression. @param range part of the text that is the expression; default all of it. @throws what `liquidMistake` explains */
export function parseExpression(text: string, range: readonly [number, number] = [0, text.length]): Expression {
  const tokens = new Tokenizer(text, liquid.options.operators, undefined, [range[0], range[1]]);
  const parsed = tokens.readFilteredValue();
  tokens.skipBlank();
  tokens.assert(tokens.end(), () => `unexpected ${tokens.snapshot()}`);
  const value = new Value(parsed, liquid);
  tokens.assert(isOneValue(value), () => "two values stand side by side; an operator is missing", range[0]);
  const evaluate = (context: Context): unknown => toValue(toValueSync(value.value(context)));
  return {
    text: text.slice(range[0], range[1]),
    references: referencesOf(value),
    value: (scope) => asJson(evaluate(contextOf(scope))),
    holds: (scope) => {
      const context = contextOf(scope);
      return isTruthy(evaluate(context), context);
    },
  };
}

/** A fresh object each time: Liquid's `increment` writes into the scope it is given. */
export function scopeObject({ input, steps, env, args, delivery }: Scope): object {
  const own = { input, steps, ...(args ? { args } : {}), ...delivery };
  if (!env) return own;
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== null));
  return { ...own, env: set, secrets: set };
}

function contextOf(scope: Scope): Context {
  return new Context(scopeObject(scope), liquid.options, { sync: true }, { liquid });
}

function asJson(value: unknown): Json {
  if (value === undefined || typeof value === "function") throw new NoValue("there is no value");
  if (typeof value === "number" && !Number.isFinite(value))
    throw new NoValue(`${value} is not a number that JSON knows`);
  return value as Json;
}

/** Liquid evaluates `a b` to `a` and says nothing. */
function isOneValue(value: Value): boolean {
  let operands = 0;
  for (const token of value.initial.postfix) {
    const operator = "operator" in token ? token.operator : undefined;
    if (operator === undefined) operands += 1;
    else if (operator !== "not") operands -= 1;
    if (operands < 1) return false;
  }
  return operands === 1;
}

import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { Scope } from "./compiled.ts";
import { parseExpression } from "./expression.ts";
import { type Reference, referenceText } from "./reference.ts";

/** Values that conditions read, kept in the machine's context: reference as text to JSON text. Text, because XState gives objects of some shapes a meaning of its own. */
export type KeptValues = Readonly<Record<string, string>>;

/** A value that some condition reads. */
export interface Watch {
  /** The reference as text, and the value's name among the kept ones. */
  readonly name: string;
  /** Keys of the reference; `["steps", id, "output", ...]` or `["input", ...]`. */
  readonly keys: readonly (string | number)[];
  /** Its value as JSON text, or undefined while there is none. */
  read(scope: Scope): string | undefined;
}

/** A step's `when`. */
export interface Condition {
  /** All that it reads. None of them lies inside another. */
  readonly watches: readonly Watch[];
  /** Whether the step is to run. @throws what `liquidFailure` explains, when a value is missing */
  holds(kept: KeptValues): boolean;
}

/** Compiles a `when`. It must have been checked. */
export function conditionOf(when: string): Condition {
  const expression = parseExpression(when);
  const watches = outermost(expression.references.map((reference) => fixedKeys(reference))).map(watchOf);
  return {
    watches,
    holds: (kept) => expression.holds(scopeOf(kept, watches)),
  };
}

function watchOf(keys: readonly (string | number)[]): Watch {
  const name = referenceText(keys);
  const expression = parseExpression(name);
  return {
    name,
    keys,
    read: (scope) => {
      try {
        return JSON.stringify(expression.value(scope));
      } catch {
        return undefined;
      }
    },
  };
}

/** The keys up to the first one that is computed: with `input[x]`, all of the input is kept. */
function fixedKeys({ segments }: Reference): readonly (string | number)[] {
  const computed = segments.indexOf(null);
  const fixed = computed < 0 ? segments : segments.slice(0, computed);
  return fixed.filter((segment) => segment !== null);
}

function outermost(all: readonly (readonly (string | number)[])[]): readonly (readonly (string | number)[])[] {
  const byName = new Map(all.map((keys) => [referenceText(keys), keys]));
  const distinct = [...byName.values()];
  return distinct.filter((keys) => !distinct.some((other) => other.length < keys.length && isPrefix(other, keys)));
}

function isPrefix(prefix: readonly (string | number)[], keys: readonly (string | number)[]): boolean {
  return prefix.every((key, index) => key === keys[index]);
}

/** A scope that holds the kept values and nothing else. Above a missing one there is an empty object, so that it is the one that is missed. */
function scopeOf(kept: KeptValues, watches: readonly Watch[]): Scope {
  const missing = watches.filter(({ name }) => kept[name] === undefined).sort((a, b) => a.keys.length - b.keys.length);
  let scope: JsonObject = { input: {}, steps: {} };
  for (const { keys } of missing) scope = placed(scope, keys.slice(0, -1), {});
  for (const { name, keys } of watches) {
    const text = kept[name];
    if (text !== undefined) scope = placed(scope, keys, JSON.parse(text) as Json);
  }
  return scope as unknown as Scope;
}

function placed(object: JsonObject, [key, ...rest]: readonly (string | number)[], value: Json): JsonObject {
  if (key === undefined) return object;
  const inner = object[key];
  return { ...object, [key]: rest.length === 0 ? value : placed(isJsonObject(inner) ? inner : {}, rest, value) };
}

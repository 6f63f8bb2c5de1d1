import { didYouMean } from "../core/suggest.ts";
import type { Problems } from "./problems.ts";
import type { Scalar } from "./scalar-forms.ts";
import type { Found, Source } from "./source.ts";

/** The value of a setting, or its fallback. A wrong value is a problem, and the fallback stands in so that reading goes on. */
export function readScalar<T>(scalar: Scalar<T>, source: Source, problems: Problems): T {
  const value = readIfSet(scalar, source, problems);
  return value === undefined ? scalar.fallback : value;
}

/** As {@link readScalar}; undefined where the setting is not set, or wrong. */
export function readIfSet<T>(scalar: Scalar<T>, source: Source, problems: Problems): T | undefined {
  const found = source.find(scalar.variable, scalar.path);
  if (!found) return undefined;
  const parsed = scalar.schema.safeParse(found.value);
  if (parsed.success) return parsed.data;
  problems.add(found, notAllowed(found, scalar.allowed, scalar.secret));
  return undefined;
}

/** What is wrong with a value, what is allowed, and the allowed word that was probably meant. */
export function notAllowed(found: Found, allowed: string, secret = false): string {
  if (secret) return `The value is not allowed; allowed: ${allowed}.`;
  const words = /^[a-z_]+(, [a-z_]+)+$/.test(allowed) ? allowed.split(", ") : [];
  return `"${found.shown}" is not allowed; allowed: ${allowed}.${didYouMean(found.shown, words)}`;
}

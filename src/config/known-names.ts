import { didYouMean } from "../core/suggest.ts";
import { builtIns, neededVariables } from "./built-ins.ts";
import { shown } from "./source.ts";

/** What is wrong with a name that no configured provider bears, and how to make it right. */
export function unknownProvider(name: string, known: readonly string[]): string {
  const builtIn = Object.hasOwn(builtIns, name) ? builtIns[name] : undefined;
  if (builtIn) return `${name} is not configured; set ${neededVariables(builtIn)}, or take ${name} out.`;
  const list = known.length > 0 ? `configured: ${known.join(", ")}` : "no provider is configured";
  return `No provider is called ${shown(name)}; ${list}.${didYouMean(name, [...known, ...Object.keys(builtIns)])}`;
}

/** What is wrong with a key that a mapping does not have. */
export function unknownKey(key: string, known: readonly string[]): string {
  return `No setting has this name; allowed: ${known.join(", ")}.${didYouMean(key, known)}`;
}

import { mayDo, type Principal, scopes } from "./principal.ts";

/**
 * Whether somebody is among those whom an approval step asks. An entry is the name of a key, or `scope:admin` (any scope): every key that has it. Nobody named: everybody may;
 * where no key is asked for, names are taken on the author's word. Pure.
 */
export function mayDecide(who: readonly string[], asker: Pick<Principal, "name" | "scopes" | "keyId">): boolean {
  if (who.length === 0 || asker.keyId === null) return true;
  return who.some((entry) => entry === asker.name || hasScope(entry, asker));
}

function hasScope(entry: string, asker: Pick<Principal, "scopes">): boolean {
  const scope = scopes.find((one) => entry === `scope:${one}`);
  return scope !== undefined && mayDo(asker, scope);
}

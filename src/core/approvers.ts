import { isJsonObject, type Json, type JsonObject } from "./json.ts";
import { mayDo, type Principal, scopes } from "./principal.ts";

/** Who says a word to an approval step. */
export type Asker = Pick<Principal, "name" | "scopes" | "keyId">;

/**
 * Whether somebody is among those whom an approval step asks. An entry is the name of a key, or `scope:admin` (any scope): every key that has it. Nobody named: everybody may;
 * where no key is asked for, names are taken on the author's word. Pure.
 */
export function mayDecide(who: readonly string[], asker: Asker): boolean {
  if (who.length === 0 || asker.keyId === null) return true;
  return who.some((entry) => entry === asker.name || hasScope(entry, asker));
}

/** Beginning of the names of signals that bring a person's word. The colon keeps them apart from an author's own signals. */
export const approvalMark = "approval:";

/** A word with who said it, which nobody else can write there. */
export function signedWord(word: Json, { name, scopes, keyId }: Asker): Json {
  return isJsonObject(word) ? { ...word, asker: { name, scopes: [...scopes], keyId } } : word;
}

/** Who said a word. One that nobody signed was said where no key is asked for. */
export function askerOf(word: JsonObject): Asker {
  const asker = isJsonObject(word.asker) ? word.asker : {};
  const given = Array.isArray(asker.scopes) ? asker.scopes : [];
  return {
    name: String(asker.name ?? ""),
    scopes: scopes.filter((scope) => given.includes(scope)),
    keyId: typeof asker.keyId === "string" ? asker.keyId : null,
  };
}

function hasScope(entry: string, asker: Pick<Principal, "scopes">): boolean {
  const scope = scopes.find((one) => entry === `scope:${one}`);
  return scope !== undefined && mayDo(asker, scope);
}

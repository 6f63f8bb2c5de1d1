import { limitFields } from "../../config/read-limits.ts";
import { routingKeys } from "../../config/read-routing.ts";
import { AppError, type Problem } from "../../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { didYouMean } from "../../core/suggest.ts";

/** Where a word of the command line puts its value: keys from the top of `routing:`. */
type Path = readonly string[];

const fields = Object.keys(limitFields);
const limitsForm = `limits.PROVIDER.LIMIT or limits.PROVIDER.keys.LABEL.LIMIT, with one of ${fields.join(", ")}`;

/**
 * The patch that `route set KEY=VALUE...` means. Values are the server's to check; here is only read what stands where.
 * @throws AppError usage - everything that is wrong with the words.
 */
export function patchOfAssignments(words: readonly string[]): JsonObject {
  return gathered(words, (word) => {
    const [, name, text] = /^([^=]+)=([\s\S]*)$/.exec(word) ?? [];
    if (name === undefined || text === undefined) return "Expected KEY=VALUE, such as strategy=failover.";
    const path = pathOf(name);
    if (typeof path === "string") return path;
    if (path.length === 1 && path[0] === "limits") return `Expected ${limitsForm}.`;
    return { path, value: valueAt(path, text.trim()) };
  });
}

/** The patch that `route unset KEY...` means: each key is taken back. @throws AppError usage - everything that is wrong with the words. */
export function patchOfUnset(words: readonly string[]): JsonObject {
  return gathered(words, (word) => {
    const path = pathOf(word);
    return typeof path === "string" ? path : { path, value: null };
  });
}

function gathered(words: readonly string[], read: (word: string) => { path: Path; value: Json } | string): JsonObject {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  let patch: JsonObject = {};
  for (const word of words) {
    const found = read(word);
    const path = typeof found === "string" ? "" : found.path.join(".");
    if (typeof found === "string") problems.push({ path: word, message: found });
    else if (seen.has(path)) problems.push({ path: word, message: `${path} stands there twice.` });
    else patch = assigned(patch, found.path, found.value);
    seen.add(path);
  }
  if (problems.length > 0) throw new AppError("usage", { message: "The settings were not understood.", problems });
  return patch;
}

/** The path that a key names, or what is wrong with it. A provider's name may have dots. */
function pathOf(name: string): Path | string {
  const [first = "", ...rest] = name.split(".");
  if (!routingKeys.some((key) => key === first))
    return `No setting is called ${name}; settings: ${routingKeys.join(", ")}.${didYouMean(first, routingKeys)}`;
  if (rest.length === 0) return [first];
  if (first !== "limits") return `${first} is set as a whole: ${first}=VALUE.`;
  const ofKey = /^limits\.(.+?)\.keys\.([^.]+)\.([^.]+)$/.exec(name);
  const [, provider = rest.join("."), field = ""] = ofKey ? [] : (/^limits\.(.+)\.([^.]+)$/.exec(name) ?? []);
  if (ofKey) return withField(["limits", ofKey[1] ?? "", "keys", ofKey[2] ?? ""], ofKey[3] ?? "");
  return field === "" ? ["limits", provider] : withField(["limits", provider], field);
}

function withField(path: Path, field: string): Path | string {
  if (fields.includes(field)) return [...path, field];
  return `No limit is called ${field}; limits: ${fields.join(", ")}.${didYouMean(field, fields)}`;
}

/** Lists and pairs stay texts: the server reads them as those of the variables. */
function valueAt([key, ...below]: Path, text: string): Json {
  if (key === "limits") {
    if (/^(none|off)$/i.test(text)) return null;
    return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
  }
  if (key === "drained" && below.length === 0 && /^(none)?$/i.test(text)) return [];
  const shadow = key === "shadow" ? /^([^/:\s]+)(?:\/(\S+))?:([^:\s]+)$/.exec(text) : null;
  if (!shadow) return text;
  const [, provider = "", model, share = ""] = shadow;
  return { provider, ...(model === undefined ? {} : { model }), share };
}

function assigned(target: JsonObject, [key = "", ...rest]: Path, value: Json): JsonObject {
  const inner = Object.hasOwn(target, key) ? target[key] : undefined;
  const next = rest.length === 0 ? value : assigned(isJsonObject(inner) ? inner : {}, rest, value);
  // Not by assignment: a provider named __proto__ is a key like any other.
  return Object.fromEntries([...Object.entries(target), [key, next]]);
}

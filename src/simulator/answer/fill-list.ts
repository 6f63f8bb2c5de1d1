import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { asksForActions, proposals } from "./action.ts";
import { findAll } from "./find.ts";
import { type Material, toMaterial } from "./material.ts";
import { wantedCount } from "./parts.ts";
import type { Fill, Place } from "./place.ts";
import { actionName } from "./proposal.ts";
import { said, timed } from "./select.ts";
import { countWord, nameWords, topWords } from "./words.ts";

/** Items of a list that the schema doesn't limit. */
const usual = 8;

/** Lists that name other items of the answer: a text can't say which, so none is named. */
const references = /^(?:needs|depend\w*|requires|prerequisites|blockers?|after)$/;

/** A list: one item for each passage that could be meant, as many as the schema allows. @param fill fills an item. */
export function fillList(schema: JsonObject, material: Material, place: Place, fill: Fill): Json {
  const prefix = Array.isArray(schema.prefixItems) ? schema.prefixItems : [];
  const least = Math.max(numberOr(schema.minItems, 0), prefix.length);
  const asked = wantedCount(material.instruction) ?? usual;
  const most = Math.max(least, numberOr(schema.maxItems, Math.max(asked, least)));
  const within: Place = { ...place, depth: place.depth + 1 };
  const first = prefix.map((item) => fill(item, material, within));
  const items = schema.items;
  if (items === undefined || items === false || items === true) {
    const more = items === false ? [] : pieces(material, place.key).slice(first.length, most);
    return [...first, ...(prefix.length > 0 ? [] : more)].slice(0, most);
  }
  const wanted = place.depth >= 5 ? least : place.depth >= 3 ? Math.max(least, Math.min(3, most)) : most;
  const rest = Array.isArray(valuesOf(items))
    ? fromEnum(valuesOf(items) ?? [], material, least - first.length)
    : fromPieces(items, material, within, fill, wanted - first.length);
  const all = pad([...first, ...rest], least, () => fill(items, material, within), schema.uniqueItems === true);
  return withOwnIds((schema.uniqueItems === true ? distinct(all, least) : all).slice(0, most), items);
}

function fromPieces(items: Json, material: Material, place: Place, fill: Fill, count: number): readonly Json[] {
  const simple =
    isJsonObject(items) && items.type === "string" && items.format === undefined && items.pattern === undefined;
  if (isForActions(items, place.key)) {
    const { instruction, subject } = material;
    return proposals(material)
      .slice(0, Math.max(0, count))
      .map((proposal) =>
        simple
          ? fill(items, { ...toMaterial(instruction, proposal.action), proposal }, { ...place, key: "action" })
          : fill(items, { ...toMaterial(instruction, proposal.action), subject, proposal }, place),
      );
  }
  const found = pieces(material, place.key).slice(0, Math.max(0, count));
  if (!simple) return found.map((piece) => fill(items, toMaterial(material.instruction, piece), place));
  return found.map((piece) =>
    fill(items, { ...material, text: piece, passages: [{ text: piece, weight: 1 }] }, { ...place, key: "" }),
  );
}

/** Whether the items are things to do: by the list's name or by a property of theirs. */
function isForActions(items: Json, key: string): boolean {
  if (asksForActions(nameWords(key).join(" "))) return true;
  const properties = isJsonObject(items) && isJsonObject(items.properties) ? Object.keys(items.properties) : [];
  return properties.some((name) => actionName.test(name) && name !== "what");
}

/** The texts from which items are made: by the list's name, else the passages. */
function pieces({ text, passages }: Material, key: string): readonly string[] {
  const words = nameWords(key);
  if (words.some((word) => references.test(word))) return [];
  const named = findAll(words, text);
  if (named.length > 0) return named;
  if (words.some((word) => /^(?:tags?|keywords?|topics?|labels?|themes?)$/.test(word))) return topWords(text, 5);
  if (words.some((word) => /^(?:timeline|events?|history)$/.test(word))) {
    const events = timed(passages);
    return (events.length > 0 ? events : passages).map(
      (event) => `${event.time ? `${event.time} ` : ""}${said(event)}`,
    );
  }
  const about = passages.filter((passage) =>
    words.some((word) => word.length > 3 && countWord(passage.text, word) > 0),
  );
  return (about.length > 0 ? about : passages).map(({ time, level, text: line }) =>
    [time, level, line].filter(Boolean).join(" "),
  );
}

/** The values that the text names, each once. */
function fromEnum(values: readonly Json[], { text }: Material, least: number): readonly Json[] {
  const named = values.filter((value) => countWord(text, String(value)) > 0);
  const others = values.filter((value) => !named.includes(value));
  return [...named, ...others.slice(0, Math.max(0, least - named.length))];
}

function valuesOf(items: Json): readonly Json[] | undefined {
  return isJsonObject(items) && Array.isArray(items.enum) ? items.enum : undefined;
}

function pad(items: readonly Json[], least: number, next: () => Json, unique: boolean): readonly Json[] {
  const padded = [...items];
  while (padded.length < least && padded.length < 1_000) padded.push(unique ? vary(next(), padded.length) : next());
  return padded;
}

/** Equal items made different where that is possible, dropped where it isn't and the list is long enough. */
function distinct(items: readonly Json[], least: number): readonly Json[] {
  const seen = new Set<string>();
  const kept: Json[] = [];
  for (const [index, item] of items.entries()) {
    const text = JSON.stringify(item);
    const fresh = seen.has(text) ? vary(item, index) : item;
    if (seen.has(text) && (kept.length >= least || seen.has(JSON.stringify(fresh)))) continue;
    seen.add(JSON.stringify(fresh));
    kept.push(fresh);
  }
  return kept;
}

/** Objects of one list bear different ids, where the schema of the id leaves room for it. */
function withOwnIds(list: readonly Json[], items: Json): Json {
  const properties = isJsonObject(items) && isJsonObject(items.properties) ? items.properties : {};
  const { id } = properties;
  if (!isJsonObject(id) || Object.keys(id).some((key) => !/^(?:type|pattern|description|title)$/.test(key)))
    return list;
  const allows = (text: string) => typeof id.pattern !== "string" || new RegExp(id.pattern, "u").test(text);
  const seen = new Set<string>();
  return list.map((item, index) => {
    if (!isJsonObject(item) || typeof item.id !== "string") return item;
    const other = `${item.id}-${index + 1}`;
    const own = seen.has(item.id) && allows(other) ? other : item.id;
    seen.add(own);
    return { ...item, id: own };
  });
}

function vary(item: Json, index: number): Json {
  if (typeof item === "string") return `${item} (${index + 1})`;
  return typeof item === "number" ? item + index : item;
}

function numberOr(value: Json | undefined, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

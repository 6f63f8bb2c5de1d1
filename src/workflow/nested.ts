import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { type Draft, dispatchable } from "./draft.ts";
import { blockDefinition, blockName } from "./kinds/block.ts";
import type { BlockPlace, StepKindSpec } from "./kinds/kind.ts";
import { type Path, withReplaced } from "./path.ts";
import { parseTemplate } from "./template.ts";

/** An inline block, as the definition that it is. */
export interface Nested {
  /** Of the object that has its `steps`, in the definition around it. */
  readonly path: Path;
  readonly content: JsonObject;
  /** Ids of the steps around it. */
  readonly outside: ReadonlySet<string>;
  /** The `defaults` that stand in the block itself. */
  readonly ownDefaults: JsonObject;
}

/** The inline blocks of a definition's steps; those in blocks are theirs. */
export function nestedIn(draft: Draft): readonly Nested[] {
  const { head, steps, defaultBodies } = draft;
  const ids = new Set(steps.flatMap(({ id }) => (id === undefined ? [] : [id])));
  return dispatchable(draft).flatMap(({ id = "step", kind, ownBody, origin }) => {
    const places = ownBody === undefined ? [] : [...(kind?.blocks?.(ownBody) ?? [])];
    return places.map((place) => ({
      path: origin(place.path),
      content: blockDefinition(blockName(head?.name ?? "workflow", id, place.name), inheriting(place, defaultBodies)),
      outside: ids,
      ownDefaults: isJsonObject(place.block.defaults) ? place.block.defaults : {},
    }));
  });
}

/** A body whose inline blocks have the definition's defaults under their own. */
export function withInherited(kind: StepKindSpec, body: Json, defaults: JsonObject): Json {
  if (!isJsonObject(body) || !kind.blocks) return body;
  const blocks = [...kind.blocks(body)].map((place) => ({
    path: place.path,
    value: inheriting(place, defaults).block,
  }));
  // A block may be the body itself.
  return blocks.reduce<Json>((whole, { path, value }) => withReplaced(whole, [{ path, value }]), body);
}

function inheriting(place: BlockPlace, defaults: JsonObject): BlockPlace {
  const { defaults: own = {} } = place.block;
  // What is no object is left as it is, to be reported.
  if (!isJsonObject(own)) return place;
  const merged: Record<string, Json | undefined> = { ...own };
  for (const [key, outer] of Object.entries(defaults)) {
    const inherited = withoutReads(outer);
    const mine = own[key];
    if (mine === undefined) merged[key] = inherited;
    else if (isJsonObject(mine) && isJsonObject(inherited)) merged[key] = { ...inherited, ...mine };
  }
  const isEmpty = Object.values(merged).every((value) => value === undefined);
  return isEmpty ? place : { ...place, block: { ...place.block, defaults: merged } };
}

/** Without the members that read `input` or `steps`: in a block these are others. */
function withoutReads(value: Json | undefined): Json | undefined {
  if (typeof value === "string") return readsRun(value) ? undefined : value;
  if (Array.isArray(value)) {
    const kept = value.map((item: Json) => withoutReads(item));
    return kept.includes(undefined) ? undefined : value;
  }
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => {
      const kept = withoutReads(member);
      return kept === undefined ? [] : [[key, kept]];
    }),
  );
}

function readsRun(text: string): boolean {
  try {
    return parseTemplate(text).references.some(({ segments: [root] }) => root === "input" || root === "steps");
  } catch {
    return true;
  }
}

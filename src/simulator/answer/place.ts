import type { Json, JsonObject } from "../../core/json.ts";
import type { Material } from "./material.ts";

/** Where in the schema we are. */
export interface Place {
  readonly root: JsonObject;
  /** Name of the property, or of the list whose item it is. Empty at the top. */
  readonly key: string;
  readonly depth: number;
}

/** Fills a schema, as the lists' items need it again. */
export type Fill = (schema: Json | undefined, material: Material, place: Place) => Json;

import type { JsonObject } from "./json.ts";

/** A step that waits for a person's word. */
export interface Approval {
  readonly run: string;
  readonly step: string;
  /** The workflow's own name. */
  readonly workflow: string;
  readonly version: number;
  readonly message: string;
  /** Who is asked, by name. */
  readonly who: readonly string[];
  /** JSON Schema of what is to be filled in; null: nothing is. */
  readonly form: JsonObject | null;
  /** Epoch milliseconds at which it is decided without a word; null: never. */
  readonly until: number | null;
  /** Epoch milliseconds since which it waits. */
  readonly since: number;
}

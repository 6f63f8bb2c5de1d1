import { createHash } from "node:crypto";
import { canonicalJson } from "../core/json.ts";
import type { CheckedDefinition } from "./checked.ts";

/** SHA-256 (hex) of what a definition says. Comments, layout and the order of keys do not change it. */
export function definitionHash(definition: CheckedDefinition): string {
  return createHash("sha256").update(canonicalJson(definition.source)).digest("hex");
}

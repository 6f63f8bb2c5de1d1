import { createHash } from "node:crypto";
import type { ProviderKey } from "../config/settings.ts";

/** What stands for a provider's keys in shared state, by label: 48 bits of a hash, enough to tell keys apart, useless to find one. */
export function keyIds(keys: readonly ProviderKey[]): ReadonlyMap<string, string> {
  return new Map(keys.map(({ label, secret }) => [label, fingerprint(secret)]));
}

function fingerprint(secret: string): string {
  return createHash("sha256").update(`switchyard-key:${secret}`).digest("hex").slice(0, 12);
}

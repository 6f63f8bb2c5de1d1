import { createHash } from "node:crypto";
import { canonicalJson, type Json } from "../../core/json.ts";

/** What tells one request from another one. */
export interface Asked {
  /** Whose idempotency keys these are. */
  readonly tenant: string;
  readonly method: string;
  /** The route's path, with `:name` parameters. */
  readonly route: string;
  /** The path as it was asked for. */
  readonly path: string;
  readonly query: unknown;
  /** Parsed, or a text. */
  readonly body: unknown;
}

/** Names the record of an idempotency key: one of its tenant and route. The key cannot be read from it. Pure. */
export function recordId({ tenant, method, route }: Asked, key: string): string {
  return digest([tenant, method, route, key]);
}

/** The same for requests that ask for the same: the order of an object's members does not matter. Pure. */
export function fingerprintOf({ method, path, query, body }: Asked): string {
  return digest([method, path, query as Json, (body ?? null) as Json]);
}

function digest(parts: readonly Json[]): string {
  return createHash("sha256")
    .update(canonicalJson([...parts]))
    .digest("base64url");
}

import type { Scope } from "./principal.ts";

/** A key as it is listed. What it is made of is kept nowhere but with whom it was given to. */
export interface AccessKey {
  /** Second part of the key: `sy_ID_...`. */
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  /** The one that it was made with, and those before it. */
  readonly scopes: readonly Scope[];
  /** Epoch milliseconds, as the next three. */
  readonly createdAt: number;
  /** From then on it opens nothing; null: it stays valid. */
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  /** Exact to a minute; null: not yet used. */
  readonly lastUsedAt: number | null;
}

/** A key that was made a moment ago: the only time that it is told. */
export interface NewAccessKey extends AccessKey {
  readonly key: string;
}

/** What a key is made for. */
export interface AccessKeyRequest {
  readonly name: string;
  /** Default: the default tenant. */
  readonly tenant?: string;
  readonly scopes: readonly Scope[];
  /** Milliseconds from now. Default: it stays valid. */
  readonly expiresInMs?: number;
}

/** What a tenant's name may be, to go behind "must be". */
export const tenantForm = "1 to 63 small letters, digits, . _ and -, beginning with a letter or digit";

/** Whether a text may be a tenant's name. */
export function isTenant(text: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{0,62}$/.test(text);
}

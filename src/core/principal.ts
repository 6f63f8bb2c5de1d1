/** What a key may be used for, each more than the one before it. */
export const scopes = ["read", "submit", "operate", "admin"] as const;

/**
 * One of {@link scopes}. `read`: look at what belongs to the tenant. `submit`: begin runs, make calls, store workflows. `operate`: change what is under way
 * (cancel, pause, signal, approve, schedules, triggers). `admin`: change what the whole fleet shares (routing, keys, budgets).
 */
export type Scope = (typeof scopes)[number];

/** Who asks. */
export interface Principal {
  /** Sees only its own runs, signals and costs. */
  readonly tenant: string;
  /** For histories and the audit log: the key's name. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Id of the key, never the key. Null: no key is configured, so whoever reaches the server may do everything. */
  readonly keyId: string | null;
}

/** Whoever asks where no key is configured. */
export const everyone: Principal = { tenant: "default", name: "api", scopes, keyId: null };

/** Whoever asks without a key where keys are configured: gets only what is answered to anybody. */
export const stranger: Principal = { tenant: "default", name: "stranger", scopes: [], keyId: null };

/** The highest of some scopes, and those before it. */
export function scopesUpTo(some: readonly Scope[]): readonly Scope[] {
  return scopes.slice(0, Math.max(0, ...some.map((scope) => scopes.indexOf(scope) + 1)));
}

/** Whether somebody may do what needs a scope. */
export function mayDo({ scopes: held }: Pick<Principal, "scopes">, needed: Scope): boolean {
  return held.includes(needed);
}

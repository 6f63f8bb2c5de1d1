import { everyone, type Principal } from "../core/principal.ts";
import { digestOf, isSameDigest, parseKey } from "./key.ts";
import type { FoundKey, KeyStore } from "./key-store.ts";
import { Remembered } from "./remembered.ts";
import type { Sessions } from "./sessions.ts";

/** What somebody shows: a key, or the cookie of a login. */
export type Credentials = { readonly key: string } | { readonly session: string };

/** Who asks. */
export type Admission =
  | { readonly type: "known"; readonly principal: Principal }
  /** `missing`: nothing was shown. `wrong`: no key of this fleet. The others: a right one that opens nothing any more. */
  | { readonly type: "refused"; readonly why: "missing" | "wrong" | "expired" | "revoked" };

/** What the gate needs. */
export interface GateParts {
  readonly store: Pick<KeyStore, "isAny" | "find" | "touch">;
  readonly sessions: Pick<Sessions, "keyOf">;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

/** A change of keys that a server has not heard of is seen after this time. */
export const freshMs = 5_000;

/** So long what is known of a key stands in while Redis is away. */
const staleMs = 15 * 60_000;

/** The last use of a key is written this often. */
const touchMs = 60_000;

/** Says who asks. One read of Redis for a key, then none for some seconds. */
export class Gate {
  readonly #parts: GateParts;
  readonly #closed: Remembered<boolean>;
  readonly #keys: Remembered<FoundKey>;
  readonly #logins: Remembered<string>;
  readonly #touched = new Map<string, number>();

  constructor(parts: GateParts) {
    const { clock } = parts;
    this.#parts = parts;
    const options = { clock, freshMs, staleMs, outage: { isOn: false } };
    this.#closed = new Remembered(options);
    this.#keys = new Remembered(options);
    this.#logins = new Remembered(options);
  }

  /** Whether keys are asked for. */
  async isClosed(): Promise<boolean> {
    return (await this.#closed.get("closed", () => this.#parts.store.isAny())) ?? false;
  }

  /** Who asks with these; whoever it is, where no key was ever made. */
  async admit(shown: Credentials | undefined): Promise<Admission> {
    if (!(await this.isClosed())) return { type: "known", principal: everyone };
    if (!shown) return { type: "refused", why: "missing" };
    return "key" in shown ? this.#byKey(shown.key) : this.#bySession(shown.session);
  }

  /** Keys have changed: what is known is looked up again. */
  outdate(): void {
    this.#closed.outdate();
    this.#keys.outdate();
    this.#logins.outdate();
  }

  async #byKey(text: string): Promise<Admission> {
    const given = parseKey(text);
    const found = given && (await this.#find(given.id));
    if (!given || !found) return { type: "refused", why: "wrong" };
    const digest = digestOf(given.secret);
    const { former } = found;
    const isNow = isSameDigest(digest, found.digest);
    const wasBefore = former !== undefined && isSameDigest(digest, former.digest);
    if (isNow || (wasBefore && this.#parts.clock() < former.until)) return this.#admitted(found);
    return { type: "refused", why: wasBefore ? "expired" : "wrong" };
  }

  async #bySession(token: string): Promise<Admission> {
    const id = await this.#logins.get(digestOf(token), () => this.#parts.sessions.keyOf(token));
    const found = id === undefined ? undefined : await this.#find(id);
    return found ? this.#admitted(found) : { type: "refused", why: "expired" };
  }

  #find(id: string): Promise<FoundKey | undefined> {
    return this.#keys.get(id, () => this.#parts.store.find(id));
  }

  #admitted({ id, name, tenant, scopes, expiresAt, revokedAt }: FoundKey): Admission {
    const now = this.#parts.clock();
    if (revokedAt !== null) return { type: "refused", why: "revoked" };
    if (expiresAt !== null && now >= expiresAt) return { type: "refused", why: "expired" };
    if (now - (this.#touched.get(id) ?? 0) >= touchMs) {
      this.#touched.set(id, now);
      // Nothing rests on it.
      void this.#parts.store.touch(id, now).catch(() => undefined);
    }
    return { type: "known", principal: { tenant, name, scopes, keyId: id } };
  }
}

import type { Redis } from "ioredis";
import type { Keys } from "../redis/keys.ts";
import { digestOf, newSecret } from "./key.ts";

/** How long a login lasts. */
export const sessionMs = 12 * 3_600_000;

/** Logins of browsers: a random token in a cookie, whose digest in Redis names the key that it was made with. It opens what that key opens, as long as that does. */
export class Sessions {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #bytes: (count: number) => Buffer;

  /** @param redis an impatient connection @param bytes random bytes */
  constructor(redis: Redis, keys: Keys, bytes: (count: number) => Buffer) {
    this.#redis = redis;
    this.#keys = keys;
    this.#bytes = bytes;
  }

  /** Begins a login. @returns the cookie's token, which is kept nowhere */
  async begin(keyId: string): Promise<string> {
    const token = newSecret(this.#bytes);
    await this.#redis.set(this.#keys.access.session(digestOf(token)), keyId, "PX", sessionMs);
    return token;
  }

  /** The id of the key that a login was made with; undefined: it is none, or over. */
  async keyOf(token: string): Promise<string | undefined> {
    return (await this.#redis.get(this.#keys.access.session(digestOf(token)))) ?? undefined;
  }

  /** Ends a login. */
  async end(token: string): Promise<void> {
    await this.#redis.del(this.#keys.access.session(digestOf(token)));
  }
}

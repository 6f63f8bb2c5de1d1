import type { Redis } from "ioredis";
import type { Keys } from "../redis/keys.ts";

/** Logins that one address may try within {@link windowMs}, right ones and wrong ones. */
export const mostTries = 20;

/** Begins with the first try. */
export const windowMs = 60_000;

/** Counts logins by the address that they come from, over all servers of the fleet. */
export class LoginTries {
  readonly #redis: Redis;
  readonly #keys: Keys;

  /** @param redis an impatient connection */
  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Counts one. @returns milliseconds after which the next one is taken; 0: this one is @throws while Redis is away */
  async count(address: string): Promise<number> {
    const key = `${this.#keys.access.rates}login:${address}`;
    // The key is there with its end before it is counted up: a counter without an end would lock somebody out for good.
    const replies = await this.#redis.multi().set(key, 0, "PX", windowMs, "NX").incr(key).pttl(key).exec();
    const failed = replies?.find(([error]) => error !== null)?.[0];
    if (failed) throw failed;
    const [, count, left] = (replies ?? []).map(([, value]) => Number(value));
    return (count ?? 0) > mostTries ? Math.max(1, left ?? windowMs) : 0;
  }
}

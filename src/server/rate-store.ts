import type { Redis } from "ioredis";
import { z } from "zod";
import { loadScript } from "../redis/script.ts";

/** A counter after one more request, or why it is not known. */
type Counted = (error: Error | null, result?: { readonly current: number; readonly ttl: number }) => void;

const script = loadScript("rate", new URL("./lua/rate.lua", import.meta.url));
const answerShape = z.tuple([z.number(), z.number()]);

/**
 * The counters of requests that all servers share, as the limiter asks for them. While Redis does not answer, its absence is waited for once: what comes then is not counted, until
 * Redis answers a question for which nobody waits.
 */
export class RateStore {
  readonly #redis: Redis;
  readonly #namespace: string;
  #isAway = false;
  #asking: Promise<void> | undefined;

  /** @param redis an impatient connection @param namespace beginning of the counters' keys */
  constructor(redis: Redis, namespace: string) {
    this.#redis = redis;
    this.#namespace = namespace;
  }

  /** Counts a request. @param timeWindow milliseconds */
  incr(key: string, counted: Counted, timeWindow: number): void {
    if (this.#isAway) {
      this.#asking ??= this.#ask();
      counted(new Error("Redis is away; the request is not counted."));
      return;
    }
    this.#count(key, timeWindow).then(
      ([current, ttl]) => counted(null, { current, ttl }),
      (error: Error) => {
        this.#isAway = true;
        counted(error);
      },
    );
  }

  /** All routes count together. */
  child(): this {
    return this;
  }

  async #count(key: string, windowMs: number) {
    return answerShape.parse(await script.run(this.#redis, [`${this.#namespace}${key}`], [windowMs]));
  }

  async #ask(): Promise<void> {
    try {
      await this.#redis.ping();
      this.#isAway = false;
    } catch {
      // Still away; the next request asks again.
    } finally {
      this.#asking = undefined;
    }
  }
}

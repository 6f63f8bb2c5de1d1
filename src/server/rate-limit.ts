import fastifyRateLimit from "@fastify/rate-limit";
import type { FastifyInstance } from "fastify";
import type { Redis } from "ioredis";
import { AppError } from "../core/errors.ts";
import { accessOf } from "./admission.ts";
import { RateStore } from "./rate-store.ts";

/** How many requests are taken. */
export interface RateLimitOptions {
  /** By one key, within a minute, over all servers of the fleet. */
  readonly perMinute: number;
  /** An impatient connection, whose counters all servers share. */
  readonly redis: Redis;
  /** Beginning of the counters' keys. */
  readonly namespace: string;
}

/** Refuses what a key sends beyond its requests a minute. What is answered to anybody is not counted; while Redis is away nothing is. Added behind what admits requests. */
export async function limitRates(server: FastifyInstance, options: RateLimitOptions): Promise<void> {
  const counters = new RateStore(options.redis, options.namespace);
  // The limiter makes its store itself.
  const store = class {
    incr = counters.incr.bind(counters);
    child = () => counters;
  };
  await server.register(fastifyRateLimit, {
    global: true,
    hook: "onRequest",
    max: options.perMinute,
    timeWindow: 60_000,
    store,
    skipOnError: true,
    keyGenerator: ({ principal, ip }) => (principal.keyId === null ? `ip:${ip}` : `key:${principal.keyId}`),
    allowList: (request) => accessOf(request).scope === "none",
    errorResponseBuilder: ({ principal }, { max, ttl }) =>
      new AppError("rate_limited", {
        message: `The key "${principal.name}" has sent its ${max} requests of this minute.`,
        details: { limit: max, retryAfterMs: ttl },
      }),
  });
}

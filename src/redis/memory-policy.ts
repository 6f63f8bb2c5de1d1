import type { Redis } from "ioredis";
import { AppError } from "../core/errors.ts";

/** What a Redis does once its memory is full. */
export interface MemoryPolicy {
  /** `noeviction`, `allkeys-lru`, ...; undefined: it does not say. */
  readonly policy: string | undefined;
  /** Bytes; 0: as much as the machine has. */
  readonly maxBytes: number;
}

/**
 * What to warn of; undefined: nothing. A Redis that throws away what was not used for long would throw away runs and jobs. Pure.
 * @throws AppError redis_evicts - it would do so with any key
 */
export function policyWarning({ policy, maxBytes }: MemoryPolicy): string | undefined {
  if (policy === undefined || policy === "noeviction") return undefined;
  const said = `Redis has maxmemory-policy ${policy}; it must be noeviction`;
  if (maxBytes > 0 && policy.startsWith("allkeys"))
    throw new AppError("redis_evicts", {
      message: `${said}: with maxmemory ${maxBytes} it throws away runs, jobs and keys once it is full.`,
      details: { policy, maxBytes },
    });
  const when = maxBytes > 0 ? "once it is full" : "if it is ever given a maxmemory";
  const what = policy.startsWith("volatile") ? "locks, logins and idempotency keys" : "runs, jobs and keys";
  return `${said}: it throws away ${what} ${when}.`;
}

/** Reads it. Where the server does not let us, nothing is known. */
export async function memoryPolicy(redis: Redis): Promise<MemoryPolicy> {
  const text = await redis.info("memory").catch(() => "");
  const policy = /^maxmemory_policy:(\S+)/m.exec(text)?.[1];
  return { policy, maxBytes: Number(/^maxmemory:(\d+)/m.exec(text)?.[1] ?? 0) };
}

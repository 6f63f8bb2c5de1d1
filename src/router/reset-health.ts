import type { Redis } from "ioredis";
import type { Keys } from "../redis/keys.ts";
import { loadScript } from "../redis/script.ts";

const script = loadScript("reset", new URL("./lua/reset.lua", import.meta.url));

/**
 * Forgets what the fleet has learned of a provider's health: the breakers, deadlines and latencies of its targets, and its refused keys.
 * Every process sees it at its next decision. What is used of its limits stays. Rejects while Redis is away.
 * @returns how many of its targets were known
 */
export async function resetHealth(redis: Redis, keys: Keys, provider: string): Promise<number> {
  const touched = ["keys", "targets", "health:", "calls:"].map((name) => keys.router(name));
  return Number(await script.run(redis, touched, [provider]));
}

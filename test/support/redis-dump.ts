import type { Redis } from "ioredis";

/** Everything that a Redis holds, as text: each key with its value, read by its type. */
export async function redisDump(redis: Redis): Promise<string> {
  const lines: string[] = [];
  let cursor = "0";
  do {
    const [next, keys] = await redis.scan(cursor, "COUNT", 1_000);
    for (const key of keys) lines.push(`${key} ${JSON.stringify(await readValue(redis, key))}`);
    cursor = next;
  } while (cursor !== "0");
  return lines.join("\n");
}

async function readValue(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  switch (type) {
    case "string":
      return redis.get(key);
    case "hash":
      return redis.hgetall(key);
    case "list":
      return redis.lrange(key, 0, -1);
    case "set":
      return redis.smembers(key);
    case "zset":
      return redis.zrange(key, "0", "-1");
    case "stream":
      return redis.xrange(key, "-", "+");
    case "none":
      return null;
    default:
      throw new Error(`a Redis key of type ${type}: ${key}`);
  }
}

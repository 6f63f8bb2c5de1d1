import type { Settings } from "../config/settings.ts";
import { AppError } from "../core/errors.ts";
import { connect, ready } from "../redis/connection.ts";
import { keysOf } from "../redis/keys.ts";
import { type Access, createAccess } from "./access.ts";

/** Does something with the keys of a fleet, straight in its Redis: nobody has a key before there is a first one. @throws AppError redis_not_named, redis_unavailable */
export async function withAccess<T>(
  { redisUrl, prefix }: Pick<Settings, "redisUrl" | "prefix">,
  act: (access: Access) => Promise<T>,
): Promise<T> {
  if (redisUrl === null) throw new AppError("redis_not_named");
  const redis = connect(redisUrl, "impatient", () => undefined);
  try {
    await ready(redis, 5_000);
    return await act(createAccess({ redis, keys: keysOf(prefix), clock: Date.now }));
  } finally {
    redis.disconnect();
  }
}

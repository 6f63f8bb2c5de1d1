import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Redis } from "ioredis";
import { AppError } from "../core/errors.ts";

/** A Lua script, loaded once and bound to a connection on first use (EVALSHA, with EVAL when Redis does not know it). */
export interface Script {
  readonly name: string;
  /** Its text, includes resolved. */
  readonly lua: string;
  /** Runs it atomically. @returns what the Lua file's RETURNS header says. */
  run(redis: Redis, keys: readonly string[], args: readonly (string | number | Buffer)[]): Promise<unknown>;
}

type Bound = Record<string, (...parts: (string | number | Buffer)[]) => Promise<unknown>>;

/**
 * Loads a Lua file. A line `--- @include "name"` is replaced by `name.lua` of the same folder.
 * @param url of the Lua file: `new URL("./lua/commit.lua", import.meta.url)`.
 */
export function loadScript(name: string, url: URL): Script {
  const lua = resolveIncludes(fileURLToPath(url), new Set());
  // Two rooms may each have a script of one name: the hash keeps their commands apart on a shared connection.
  const command = `switchyard_${name}_${createHash("sha1").update(lua).digest("hex").slice(0, 8)}`;
  return {
    name,
    lua,
    run(redis, keys, args) {
      const bound = redis as unknown as Bound;
      if (!(command in redis)) redis.defineCommand(command, { lua });
      const execute = bound[command];
      if (!execute) throw new AppError("internal", { message: `Redis script ${name} could not be bound.` });
      return execute.call(redis, keys.length as unknown as string, ...keys, ...args);
    },
  };
}

function resolveIncludes(file: string, seen: Set<string>): string {
  if (seen.has(file)) return "";
  seen.add(file);
  return readFileSync(file, "utf8").replace(/^--- @include "([a-z_]+)"$/gm, (_, include: string) =>
    resolveIncludes(join(dirname(file), `${include}.lua`), seen),
  );
}

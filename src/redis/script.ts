import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Redis } from "ioredis";
import { AppError } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";

/** An argument of a script: a number arrives as text, as it does in Redis. What is no text is for a script that another one calls. */
export type ScriptValue = string | number | JsonObject | readonly Json[];

/** A Lua script, loaded once and bound to a connection on first use (EVALSHA, with EVAL when Redis does not know it). */
export interface Script {
  readonly name: string;
  /** Its text, includes resolved. */
  readonly lua: string;
  /** Runs it atomically. @returns what the Lua file's RETURNS header says. */
  run(redis: Redis, keys: readonly string[], args: readonly ScriptValue[]): Promise<unknown>;
}

/** Foreign Lua that takes KEYS and ARGV, to be called by a script of ours. */
export interface ForeignScript {
  readonly content: string;
  /** How many of its values are KEYS. */
  readonly keys: number;
}

type Bound = Record<string, (...parts: string[]) => Promise<unknown>>;

/**
 * All arguments of a call are sent as one, in JSON: ioredis takes longer for three of them than for the rest of a command.
 * Every script begins by taking them apart.
 */
const takenApart = "local ARGV = cjson.decode(ARGV[1])";

/** What a foreign script would unpack comes unpacked; where it knows nil, JSON has null. */
const unpacked = `local function as_unpacked(value)
for key, inner in pairs(value) do
if inner == cjson.null then value[key] = nil elseif type(inner) == 'table' then as_unpacked(inner) end
end
return value
end`;

/**
 * Loads a Lua file. A line `--- @include "name"` is replaced by `name.lua` of the same folder.
 * @param url of the Lua file: `new URL("./lua/commit.lua", import.meta.url)`.
 * @param foreign scripts that it calls, by the name of the function that each becomes: `name(first, count)` runs it on `count` values of ARGV from `first`, its keys before its arguments.
 */
export function loadScript(name: string, url: URL, foreign: Readonly<Record<string, ForeignScript>> = {}): Script {
  const functions = Object.entries(foreign).map(([called, script]) => asFunction(called, script));
  const foreigners = functions.length > 0 ? [unpacked, ...functions] : [];
  const lua = [takenApart, ...foreigners, resolveIncludes(fileURLToPath(url), new Set())].join("\n");
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
      return execute.call(redis, String(keys.length), ...keys, asJson(args));
    },
  };
}

function asJson(args: readonly ScriptValue[]): string {
  const json = JSON.stringify(args.map((value) => (typeof value === "number" ? String(value) : value)));
  // Half a surrogate pair, which JSON has in this form, is no text for Redis; ioredis would replace it too.
  if (!json.includes("\\ud")) return json;
  return JSON.stringify(JSON.parse(json), (_key, value) => (typeof value === "string" ? value.toWellFormed() : value));
}

function asFunction(name: string, { content, keys }: ForeignScript): string {
  return `local function ${name}(first, count)
local cmsgpack = { unpack = as_unpacked }
local KEYS, ARGV = { unpack(ARGV, first, first + ${keys - 1}) }, { unpack(ARGV, first + ${keys}, first + count - 1) }
${content}
end`;
}

function resolveIncludes(file: string, seen: Set<string>): string {
  if (seen.has(file)) return "";
  seen.add(file);
  return readFileSync(file, "utf8").replace(/^--- @include "([a-z_]+)"$/gm, (_, include: string) =>
    resolveIncludes(join(dirname(file), `${include}.lua`), seen),
  );
}

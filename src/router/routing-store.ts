import { isDeepStrictEqual } from "node:util";
import type { Redis } from "ioredis";
import { z } from "zod";
import { checkOverrides, type RoutingOverrides } from "../config/overrides.ts";
import type { Settings } from "../config/settings.ts";
import { AppError } from "../core/errors.ts";
import { tokenSource } from "../core/ids.ts";
import { isJsonObject } from "../core/json.ts";
import type { Keys } from "../redis/keys.ts";
import { loadScript } from "../redis/script.ts";
import { mergedInForce, noteOf, patched, type RoutingPatch, sinceAfter } from "./routing-patch.ts";
import { rules } from "./rules.ts";

/*
 * The routing that is set at run time: a version, and what is laid over each process's own settings. Every process sees it with its next decision.
 * A change is read, checked and stored under the condition that nobody stored another one in between; if somebody did, it is made again from there.
 */

/** A version as it is kept. */
export interface StoredRouting {
  readonly version: number;
  readonly overrides: RoutingOverrides;
  /** Epoch milliseconds by Redis's clock; null at version 0. */
  readonly at: number | null;
  readonly author: string | null;
  readonly note: string | null;
}

/** A version that was just made. `changed` false: everything stood so already, and no version was made. */
export interface ChangedRouting extends StoredRouting {
  readonly changed: boolean;
  /** What was found and has no effect; for people. */
  readonly warnings: readonly string[];
}

/** Who changes, and by what it is checked. */
export interface ChangeOptions {
  readonly author: string;
  /** What is changed, for the history. Default: the patch in words. */
  readonly note?: string;
  /** Those of the process that checks. */
  readonly settings: Settings;
  /** The version that the change was made for: another one refuses it. Default: whichever is current. */
  readonly expected?: number;
}

/** A change: a patch, or what makes one from what is set. */
export type Change = RoutingPatch | ((set: RoutingOverrides) => RoutingPatch);

/** The routing set at run time. All calls fail with redis_unavailable while Redis is away, and then nothing may be taken for stored. */
export interface RoutingStore {
  /** What is set now. */
  current(): Promise<StoredRouting>;
  /** Lays a patch over what is set. @throws AppError invalid_settings - nothing is stored; routing_conflict - it is not the expected version. */
  change(change: Change, options: ChangeOptions): Promise<ChangedRouting>;
  /** Sets these overrides and nothing else. @throws as {@link change}. */
  replace(overrides: unknown, options: ChangeOptions): Promise<ChangedRouting>;
  /** Makes a new version that equals an old one. @param version 0: nothing set. @throws routing_version_not_found, and as {@link change}. */
  rollback(version: number, options: Omit<ChangeOptions, "note">): Promise<ChangedRouting>;
  /** The newest versions first. @param limit default 50, at most {@link keptVersions} */
  history(limit?: number): Promise<readonly StoredRouting[]>;
  /** @throws AppError routing_version_not_found - it never was, or is no longer kept. */
  get(version: number): Promise<StoredRouting>;
}

/** What a store needs. */
export interface RoutingStoreOptions {
  /** Stays the caller's to close. */
  readonly redis: Redis;
  readonly keys: Keys;
  /** In place of Redis's clock. For tests. */
  readonly clock?: () => number;
}

/** How many versions the history keeps. */
export const keptVersions = 200;

/** A change that found another one in its way so often is given up. Each time somebody else's was stored. */
const mostTries = 200;

const configure = loadScript("configure", new URL("./lua/configure.lua", import.meta.url));
const configured = z.union([
  z.tuple([z.literal("changed"), z.number(), z.number()]),
  z.tuple([z.literal("moved"), z.number(), z.string(), z.number()]),
]);
const entrySchema = z.object({
  version: z.coerce.number(),
  overrides: z.string(),
  at: z.coerce.number(),
  author: z.string(),
  note: z.string(),
});

const nothing: StoredRouting = { version: 0, overrides: {}, at: null, author: null, note: null };

/** Opens the store. Opens no connection of its own. */
export function createRoutingStore({ redis, keys, clock }: RoutingStoreOptions): RoutingStore {
  const [routingKey, historyKey] = [keys.router("routing"), keys.router("routing-history")];
  const token = tokenSource();

  const store = async (from: number, overrides: RoutingOverrides, author: string, note: string, id: string) => {
    const args = [clock?.() ?? 0, from, JSON.stringify(overrides), author, note, id, keptVersions];
    return configured.parse(await configure.run(redis, [routingKey, historyKey], args));
  };

  const current = async (): Promise<StoredRouting> => {
    const found = await redis.hgetall(routingKey);
    return found.version === undefined ? nothing : fromEntry(found);
  };

  const history = async (limit = 50): Promise<readonly StoredRouting[]> => {
    const entries = await redis.lrange(historyKey, 0, Math.min(limit, keptVersions) - 1);
    return entries.map((entry) => fromEntry(JSON.parse(entry)));
  };

  const get = async (version: number): Promise<StoredRouting> => {
    if (version === 0) return nothing;
    const kept = await history(keptVersions);
    const found = kept.find((entry) => entry.version === version);
    if (found) return found;
    throw unknownVersion(version, kept);
  };

  const commit = async (make: (set: RoutingOverrides) => Made, options: ChangeOptions, always = false) => {
    const { settings, author, expected } = options;
    const id = token();
    let answer = await store(-1, {}, "", "", "-");
    for (let tries = 0; tries < mostTries && answer[0] === "moved"; tries++) {
      const [, version, text, now] = answer;
      if (expected !== undefined && expected !== version) throw conflict(version, expected);
      const set = parseOverrides(text);
      const made = make(set);
      const warnings: string[] = [];
      const { since: _, ...checked } = checkOverrides(made.overrides, settings, { warnings });
      if (!always && isDeepStrictEqual(checked, withoutSince(set))) {
        return { ...(await current()), changed: false, warnings };
      }
      const since = sinceAfter(set, checked, settings, now, rules.rampMs);
      const overrides = Object.keys(since).length > 0 ? { ...checked, since } : checked;
      const note = options.note ?? made.note;
      answer = await store(version, overrides, author, note, id);
      if (answer[0] === "changed") {
        return { version: answer[1], at: answer[2], overrides, author, note, changed: true, warnings };
      }
    }
    throw conflict(answer[1]);
  };

  return {
    current,
    history,
    get,
    change: (change, options) =>
      commit((set) => {
        const patch = typeof change === "function" ? change(set) : change;
        const overrides = patched(withoutSince(set), patch, mergedInForce(set, options.settings));
        return { overrides, note: noteOf(patch) };
      }, options),
    replace: (overrides, options) =>
      commit(() => ({ overrides, note: isJsonObject(overrides) ? `only ${noteOf(overrides)}` : "" }), options),
    async rollback(version, options) {
      const { overrides } = await get(version);
      const note = `rolled back to version ${version}`;
      return commit(() => ({ overrides: withoutSince(overrides), note }), options, true);
    },
  };
}

/** What a change comes to; still to be checked. */
interface Made {
  readonly overrides: unknown;
  readonly note: string;
}

function withoutSince({ since: _, ...set }: RoutingOverrides): RoutingOverrides {
  return set;
}

function fromEntry(entry: unknown): StoredRouting {
  const { overrides, ...rest } = entrySchema.parse(entry);
  return { ...rest, overrides: parseOverrides(overrides) };
}

/** Checked when it was stored. */
function parseOverrides(text: string): RoutingOverrides {
  return text === "" ? {} : (JSON.parse(text) as RoutingOverrides);
}

function conflict(version: number, expected?: number): AppError {
  const message =
    expected === undefined
      ? "Others changed the routing again and again while this change was made."
      : `The change was made for version ${expected} of the routing; the current one is ${version}.`;
  return new AppError("routing_conflict", {
    message,
    details: { version, ...(expected === undefined ? {} : { expected }) },
  });
}

function unknownVersion(version: number, kept: readonly StoredRouting[]): AppError {
  const [newest, oldest] = [kept[0]?.version, kept.at(-1)?.version];
  const range = newest === undefined ? "the routing was never changed" : `kept: ${oldest} to ${newest}`;
  const message = `The routing has no version ${version}; ${range}, and 0 for nothing set at run time.`;
  return new AppError("routing_version_not_found", { message, details: { version, newest: newest ?? 0 } });
}

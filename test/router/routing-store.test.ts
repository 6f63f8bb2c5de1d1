import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import { AppError } from "../../src/core/errors.ts";
import { keysOf } from "../../src/redis/keys.ts";
import {
  type ChangeOptions,
  createRoutingStore,
  keptVersions,
  type RoutingStore,
} from "../../src/router/routing-store.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";

let redis: TestRedis;
let now = 0;
let count = 0;
let prefix = "";
let store: RoutingStore;
beforeAll(async () => {
  redis = await testRedis();
});
afterAll(() => redis.close());
beforeEach(() => {
  now = Date.parse("2026-01-01T12:00:00Z");
  prefix = `store${++count}`;
  store = open();
});

/** A store as another process would open it. */
function open(): RoutingStore {
  return createRoutingStore({ redis: redis.redis, keys: keysOf(prefix), clock: () => now });
}

function settingsWith(env: Readonly<Record<string, string>> = {}): Settings {
  const keys = { OPENAI_API_KEY: "a", ANTHROPIC_API_KEY: "b", OLLAMA_ENDPOINT: "http://127.0.0.1:1" };
  return loadSettings({ env: { ...keys, ...env }, cwd: "/nonexistent" });
}

const settings = settingsWith();
const by = (options: Partial<ChangeOptions> = {}): ChangeOptions => ({ author: "ada@desk", settings, ...options });

async function errorOf(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    () => new Error("nothing was thrown"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw error;
  return error;
}

describe("a routing that was never changed", () => {
  test("is version 0 with nothing set, nobody as author, and no history", async () => {
    expect(await store.current()).toEqual({ version: 0, overrides: {}, at: null, author: null, note: null });
    expect(await store.history()).toEqual([]);
    expect(await store.get(0)).toMatchObject({ version: 0, overrides: {} });
  });
});

describe("change", () => {
  test("makes a new version with what was set, when, by whom, and what it changed", async () => {
    const weights = { openai: 3, anthropic: 1 };
    const made = await store.change({ strategy: "failover", default: "openai" }, by());
    expect(made).toMatchObject({ version: 1, at: now, author: "ada@desk", changed: true });
    now += 60_000;
    await store.change({ weights, default: null, limits: { openai: { concurrency: 4 } } }, by({ author: "bo" }));
    const expected = {
      version: 2,
      overrides: { strategy: "failover", weights, limits: { openai: { concurrency: 4 } } },
      at: now,
      author: "bo",
      note: "weights=openai:3,anthropic:1 limits.openai.concurrency=4, unset default",
    };
    expect(await store.current()).toEqual(expected);
    expect(await store.history()).toEqual([
      expected,
      {
        version: 1,
        overrides: { strategy: "failover", default: "openai" },
        at: now - 60_000,
        author: "ada@desk",
        note: "strategy=failover default=openai",
      },
    ]);
  });

  test("is there for a store that is opened later, as after a restart", async () => {
    await store.change({ strategy: "least_busy" }, by());
    expect(await open().current()).toMatchObject({ version: 1, overrides: { strategy: "least_busy" } });
  });

  test("takes the time from Redis", async () => {
    const own = createRoutingStore({ redis: redis.redis, keys: keysOf(prefix) });
    const [seconds] = await redis.redis.time();
    const { at } = await own.change({ strategy: "failover" }, by());
    expect(at).toBeGreaterThanOrEqual(Number(seconds) * 1_000);
    expect(at).toBeLessThan(Number(seconds) * 1_000 + 60_000);
  });

  test("makes no version where everything stands so already", async () => {
    await store.change({ strategy: "failover" }, by());
    const again = await store.change({ strategy: "failover", default: null }, by({ author: "bo" }));
    expect(again).toMatchObject({ version: 1, author: "ada@desk", changed: false });
    expect(await store.history()).toHaveLength(1);
  });

  test("merges limits into those in force, which the settings may have set; null takes one away", async () => {
    const limited = { ...settings.routing, limits: { openai: { ...none, requestsPerMinute: 60, keys: {} } } };
    const options = by({ settings: { ...settings, routing: limited } });
    await store.change({ limits: { openai: { concurrency: 4 }, anthropic: { usd_per_day: 5 } } }, options);
    const both = { openai: { requests_per_minute: 60, concurrency: 4 }, anthropic: { usd_per_day: 5 } };
    expect((await store.current()).overrides.limits).toEqual(both);
    await store.change({ limits: { openai: { requests_per_minute: null }, anthropic: null } }, options);
    expect((await store.current()).overrides.limits).toEqual({ openai: { concurrency: 4 } });
    await store.change({ limits: null }, options);
    expect((await store.current()).overrides).toEqual({});
  });

  test("twenty at a time all land, each as a version of its own", async () => {
    const names = ["requests_per_minute", "tokens_per_minute", "concurrency", "usd_per_day"];
    const stores = [open(), open(), open(), open()];
    const patches = Array.from({ length: 20 }, (_, i) => {
      const limit = { [names[i % 4] ?? ""]: i + 1 };
      if (i < 12) return { limits: { [["openai", "anthropic", "ollama"][Math.floor(i / 4)] ?? ""]: limit } };
      return { limits: { [i < 16 ? "openai" : "anthropic"]: { keys: { "key-1": limit } } } };
    });
    const made = await Promise.all(
      patches.map((patch, i) => stores[i % 4]?.change(patch, by({ author: `author ${i}` }))),
    );
    const versions = made.flatMap((one) => one?.version ?? []).sort((a, b) => a - b);
    expect(versions).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    const history = await store.history(keptVersions);
    expect(history.map(({ version }) => version)).toEqual([...versions].reverse());
    expect(new Set(history.map(({ author }) => author)).size).toBe(20);
    const { overrides } = await store.current();
    for (const patch of patches) expect(overrides).toMatchObject(patch);
  });

  test("keeps the newest versions only", async () => {
    for (let i = 1; i <= keptVersions + 3; i++) await store.change({ weights: { openai: i } }, by());
    const history = await store.history(10_000);
    expect([history.length, history[0]?.version, history.at(-1)?.version]).toEqual([keptVersions, keptVersions + 3, 4]);
    expect(await errorOf(store.get(3))).toMatchObject({
      code: "routing_version_not_found",
      message: `The routing has no version 3; kept: 4 to ${keptVersions + 3}, and 0 for nothing set at run time.`,
    });
  });
});

const none = { requestsPerMinute: null, tokensPerMinute: null, concurrency: null, usdPerDay: null };

describe("what is refused", () => {
  test("a wrong patch: everything wrong with it in one error, and nothing is stored", async () => {
    await store.change({ strategy: "failover" }, by());
    const wrong = {
      strategy: "failovr",
      weights: { openia: 1 },
      default: "gemni",
      limits: { openai: { concurrency: -1 } },
      hedge_after: "soon",
      stratgy: "weighted",
      since: { openai: 1 },
    };
    const { code, problems, message } = await errorOf(store.change(wrong, by()));
    expect(code).toBe("invalid_settings");
    expect(problems.map(({ path }) => path).sort()).toEqual([
      "routing.default",
      "routing.hedge_after",
      "routing.limits.openai.concurrency",
      "routing.since",
      "routing.strategy",
      "routing.stratgy",
      "routing.weights.openia",
    ]);
    expect(message).toContain("Did you mean failover?");
    expect(await store.current()).toMatchObject({ version: 1, overrides: { strategy: "failover" } });
    expect(await store.history()).toHaveLength(1);
  });

  test.each([
    ["weights that are all 0", { weights: { openai: 0 } }, "routing.weights"],
    ["no enabled provider", { enabled: [] }, "routing.enabled"],
    ["a default that the same change disables", { default: "ollama", enabled: ["openai"] }, "routing.default"],
    ["a share above 1", { shadow: { provider: "ollama", share: 2 } }, "routing.shadow.share"],
  ])("%s", async (_what, patch, path) => {
    const { problems } = await errorOf(store.change(patch, by()));
    expect(problems.map((problem) => problem.path)).toEqual([path]);
    expect((await store.current()).version).toBe(0);
  });

  test("what the edition does not have", async () => {
    const community = settingsWith({ EDITION: "community" });
    const { code } = await errorOf(store.change({ strategy: "cost_optimized" }, by({ settings: community })));
    expect(code).toBe("invalid_settings");
  });

  test("a change made for another version than the current one", async () => {
    await store.change({ strategy: "failover" }, by({ expected: 0 }));
    const late = await errorOf(store.change({ strategy: "round_robin" }, by({ expected: 0 })));
    expect(late).toMatchObject({ code: "routing_conflict", details: { version: 1, expected: 0 } });
    expect(await store.current()).toMatchObject({ version: 1, overrides: { strategy: "failover" } });
  });
});

describe("replace", () => {
  test("sets these overrides and nothing else", async () => {
    await store.change({ strategy: "failover", affinity: "run" }, by());
    await store.replace({ strategy: "least_busy" }, by());
    expect(await store.current()).toMatchObject({ version: 2, note: "only strategy=least_busy" });
    expect((await store.current()).overrides).toEqual({ strategy: "least_busy" });
    expect(await errorOf(store.replace(["strategy"], by()))).toMatchObject({ code: "invalid_settings" });
  });
});

describe("rollback", () => {
  test("makes a new version that equals the old one", async () => {
    const first = await store.change({ strategy: "failover", limits: { openai: { usd_per_day: 3 } } }, by());
    await store.change({ strategy: "round_robin", limits: null, costs: { openai: 0.5 } }, by());
    const back = await store.rollback(1, { author: "bo", settings });
    expect(back).toMatchObject({ version: 3, author: "bo", note: "rolled back to version 1" });
    expect((await store.current()).overrides).toEqual(first.overrides);
    await store.rollback(0, { author: "bo", settings });
    expect(await store.current()).toMatchObject({ version: 4, overrides: {} });
  });

  test("of an unknown version is refused", async () => {
    expect(await errorOf(store.rollback(7, { author: "bo", settings }))).toMatchObject({
      code: "routing_version_not_found",
      status: 404,
    });
  });

  test("to what is no longer right is refused: the provider has gone from the settings", async () => {
    await store.change({ default: "ollama" }, by());
    await store.change({ default: null }, by());
    const without = settingsWith({ OLLAMA_ENDPOINT: "" });
    expect(await errorOf(store.rollback(1, { author: "bo", settings: without }))).toMatchObject({
      code: "invalid_settings",
      problems: [{ path: "routing.default" }],
    });
    expect((await store.current()).version).toBe(2);
  });
});

describe("the ramp", () => {
  const since = async () => (await store.current()).overrides.since;

  test("begins for a provider that a change enables or undrains, and for no other", async () => {
    await store.change({ enabled: ["openai", "anthropic"] }, by());
    expect(await since()).toBeUndefined();
    now += 5_000;
    await store.change({ enabled: ["openai", "anthropic", "ollama"], drained: ["openai"] }, by());
    expect(await since()).toEqual({ ollama: now });
    now += 5_000;
    await store.change({ drained: null }, by());
    expect(await since()).toEqual({ openai: now, ollama: now - 5_000 });
  });

  test("is forgotten when it is over, or when the provider goes again", async () => {
    await store.change({ drained: ["openai", "ollama"] }, by());
    await store.change({ drained: [] }, by());
    await store.change({ drained: ["ollama"] }, by());
    expect(await since()).toEqual({ openai: now });
    now += 30_000;
    await store.change({ strategy: "failover" }, by());
    expect(await since()).toBeUndefined();
  });

  test("begins for what a rollback brings back", async () => {
    await store.change({ drained: ["ollama"] }, by());
    await store.rollback(0, { author: "bo", settings });
    expect(await since()).toEqual({ ollama: now });
  });
});

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { loadSettings } from "../../src/config/load.ts";
import { freePort } from "../../src/redis/embedded.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { createRoutingStore } from "../../src/router/routing-store.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";

const program = resolve("dist/cli/main.js");
let redis: TestRedis;
let cwd = "";
beforeAll(async () => {
  redis = await testRedis();
});
afterAll(() => redis.close());
beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), "switchyard-cli-"));
  await redis.redis.flushall();
});
afterEach(() => rmSync(cwd, { recursive: true }));

function config(env: Record<string, string>, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { PATH } = process.env;
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      [program, "config", ...args],
      { cwd, env: { PATH, ...env } },
      (_error, out, err) => done({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

const file = (yaml: string, name = "switchyard.yaml") => writeFileSync(join(cwd, name), yaml);
const keys = { OPENAI_API_KEY: "sk-one,sk-two", ANTHROPIC_API_KEY: "sk-three" };

interface Shown {
  readonly redis: string;
  readonly runTime: { readonly version: number; readonly author: string; readonly at: number } | null;
  readonly settings: readonly { readonly path: string; readonly value: unknown; readonly origin: { from: string } }[];
  readonly warnings: readonly string[];
}

const found = (out: string, path: string) => (JSON.parse(out) as Shown).settings.find((one) => one.path === path);

describe("switchyard config check", () => {
  test("says ok, what it read, and the warnings", async () => {
    file("routing: { weights: { openai: 1, anthropic: 1 } }\n");
    const { code, out, err } = await config({ ...keys, LLM_PROVIDERS: "openai" }, "check");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.split("\n")).toEqual([
      "ok  read from the environment and switchyard.yaml",
      "warning  routing.weights weighs anthropic, which LLM_PROVIDERS does not enable.",
      "",
    ]);
    const json = await config({ ...keys, LLM_PROVIDERS: "openai" }, "check", "--json");
    expect(JSON.parse(json.out)).toEqual({
      ok: true,
      file: "switchyard.yaml",
      providers: ["openai"],
      warnings: ["routing.weights weighs anthropic, which LLM_PROVIDERS does not enable."],
    });
  });

  test("without anything set it is ok, and says that no llm step can run", async () => {
    const { code, out } = await config({}, "check");
    expect(code).toBe(0);
    expect(out).toContain("ok  read from the environment; there is no settings file\n");
    expect(out).toContain("warning  No provider is configured");
  });

  test("exits with 2 and has a line for each problem: place, value, what is allowed, what was meant", async () => {
    file("routing:\n  strategy: wieghted\n  limits:\n    openai: { concurrency: 0 }\n", "other.yaml");
    const env = { ...keys, PROVIDER_WEIGHTS: "openia:50,anthropic:1" };
    const { code, out, err } = await config(env, "check", "--file", "other.yaml");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    const lines = err.split("\n");
    expect(lines[0]).toBe("error [invalid_settings] The settings have mistakes.");
    expect(lines).toContainEqual(
      expect.stringMatching(/^ {2}other\.yaml:2:13 routing\.strategy: "wieghted" .*Did you mean weighted\?$/),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(/^ {2}other\.yaml:4:28 routing\.limits\.openai\.concurrency: "0" .* 1 or more\.$/),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(/^ {2}PROVIDER_WEIGHTS: No provider is called openia; .*Did you mean openai\?$/),
    );
    expect(lines).toHaveLength(6);
    const json = await config(env, "check", "--file", "other.yaml", "--json");
    expect(JSON.parse(json.out)).toMatchObject({ code: "invalid_settings", problems: { length: 3 } });
  });

  test("a file that is not there is told of the option that named it", async () => {
    const { code, err } = await config(keys, "check", "--file", "nowhere.yaml");
    expect(code).toBe(2);
    expect(err).toContain("  --file: The file nowhere.yaml cannot be read.");
  });
});

describe("switchyard config show", () => {
  test("shows each value with where it comes from, within 80 columns", async () => {
    file(`redis_url: redis://:hunter2@127.0.0.1:${await freePort()}
routing:
  weights: { openai: 2, anthropic: 1 }
  limits: { openai: { requests_per_minute: 100, tokens_per_minute: 200000, usd_per_day: 12.5, concurrency: 9 } }
providers:
  a-provider-of-our-own-with-a-name-that-is-rather-long: { type: custom, model: m, endpoint: "http://gpu.example:8000/some/long/path" }
`);
    const { code, out, err } = await config({ ...keys, LLM_ROUTING_STRATEGY: "failover" }, "show");
    expect(code).toBe(0);
    expect(out).toMatch(/^ {2}strategy +failover +LLM_ROUTING_STRATEGY$/m);
    expect(out).toMatch(/^ {2}weights +openai:2, anthropic:1,? .*switchyard\.yaml:3$/m);
    expect(out).toMatch(/^ {2}affinity +none +default$/m);
    expect(out).toMatch(/^ {2}redis_url +redis:\/\/\*\*\*@127\.0\.0\.1:\d+ +switchyard\.yaml:1$/m);
    expect(out).toMatch(/^ {2}api_key +key-1, key-2 \(set, not shown\) +OPENAI_API_KEY$/m);
    expect(out).toMatch(/^ {2}api_key +none +default$/m);
    expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(err).toContain("Redis does not answer: what was set at run time is not known here.");
    expect(out + err).not.toMatch(/hunter2|sk-one|sk-two|sk-three/);
  });

  test("what was set at run time wins, with version, author and time", async () => {
    const env = { ...keys, REDIS_URL: redis.url, LLM_ROUTING_STRATEGY: "failover", LLM_HEDGE_AFTER: "1s" };
    const store = createRoutingStore({ redis: redis.redis, keys: keysOf("switchyard") });
    const settings = loadSettings({ env, cwd });
    await store.change({ strategy: "weighted" }, { author: "ann", settings });
    const { at } = await store.change({ strategy: "least_busy", drained: ["openai"] }, { author: "bob", settings });
    const { code, out, err } = await config(env, "show");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^ {2}strategy +least_busy +run time, version 2$/m);
    expect(out).toMatch(/^ {2}drained +openai +run time, version 2$/m);
    expect(out).toMatch(/^ {2}hedge_after +1s +LLM_HEDGE_AFTER$/m);
    const time = new Date(at ?? 0).toISOString().replace("T", " ").slice(0, 19);
    expect(out).toContain(`run time, version 2 by bob at ${time} UTC`);
    const { out: json } = await config(env, "show", "--json");
    expect(JSON.parse(json)).toMatchObject({ redis: "answers", runTime: { version: 2, author: "bob", at } });
    expect(found(json, "routing.strategy")).toEqual({
      path: "routing.strategy",
      value: "least_busy",
      origin: { from: "run time" },
    });
    expect(found(json, "routing.hedge_after")?.origin).toEqual({ from: "variable", variable: "LLM_HEDGE_AFTER" });
  });

  test("a Redis in which nothing was set changes nothing", async () => {
    const { out, err } = await config({ ...keys, REDIS_URL: redis.url }, "show", "--json");
    expect(JSON.parse(out)).toMatchObject({ redis: "answers", runTime: null, warnings: [] });
    expect(found(out, "routing.strategy")).toMatchObject({ value: "weighted", origin: { from: "default" } });
    expect(err).toBe("");
  });

  test("what was set for a provider that is not configured here is told", async () => {
    const env = { ...keys, REDIS_URL: redis.url };
    const store = createRoutingStore({ redis: redis.redis, keys: keysOf("switchyard") });
    const settings = loadSettings({ env: { ...env, OLLAMA_ENDPOINT: "http://o" }, cwd });
    await store.change({ enabled: ["ollama", "openai"] }, { author: "ann", settings });
    const { out, err } = await config(env, "show");
    expect(out).toMatch(/^ {2}enabled +openai +run time, version 1$/m);
    expect(err).toContain("routing.enabled.0: ollama is not configured");
  });

  test("settings with a mistake are not shown but told", async () => {
    const { code, out, err } = await config({ ...keys, LLM_ROUTING_STRATEGY: "x" }, "show");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("LLM_ROUTING_STRATEGY");
  });
});

import { describe, expect, test } from "vitest";
import { listSettings } from "../../src/config/listing.ts";
import { applyOverrides, type RoutingOverrides } from "../../src/config/overrides.ts";
import { scalars } from "../../src/config/scalar.ts";
import { settingsFolder } from "./folder.ts";

const folder = settingsFolder();

/** Each setting by its path: value, and origin as text. */
function listed(env: Record<string, string>, yaml?: string, overrides?: RoutingOverrides) {
  const { settings, origins } = folder.loaded(env, yaml);
  const configured = settings.providers.map(({ name }) => name);
  const routing = applyOverrides(settings.routing, overrides ?? {}, configured);
  const list = listSettings({ settings: { ...settings, routing }, origins, ...(overrides ? { overrides } : {}) });
  return Object.fromEntries(
    list.map(({ path, value, origin }) => {
      const place = origin.from === "variable" ? origin.variable : origin.from;
      return [path.join("."), [value, origin.from === "file" ? `${origin.file}:${origin.line}` : place]];
    }),
  );
}

describe("listSettings", () => {
  test("has every setting, and says where each value comes from", () => {
    const found = listed(
      {
        OPENAI_API_KEY: "a,b",
        OPENAI_TIMEOUT_SECONDS: "90",
        LLM_PROVIDERS: "openai,mine",
        SWITCHYARD_PORT: "8001",
        MINE: "c",
      },
      `port: 8000
grace: 5s
routing:
  strategy: failover
  enabled: [mine]
  limits:
    openai: { concurrency: 2, keys: { key-2: { usd_per_day: 1 } } }
models:
  cheap: { openai: gpt-5-nano }
providers:
  mine:
    type: custom
    endpoint: http://gpu:8000
    api_key: "\${MINE}"
    model: qwen
`,
    );
    expect(found).toMatchObject({
      port: [8001, "SWITCHYARD_PORT"],
      grace: ["5s", "switchyard.yaml:2"],
      body_limit: ["4mb", "default"],
      redis_url: [null, "default"],
      "routing.strategy": ["failover", "switchyard.yaml:4"],
      "routing.enabled": [["openai", "mine"], "LLM_PROVIDERS"],
      "routing.weights": [{ openai: 1, mine: 1 }, "default"],
      "routing.default": [null, "default"],
      "routing.limits.openai": [{ concurrency: 2 }, "switchyard.yaml:7"],
      "routing.limits.openai.keys.key-2": [{ usd_per_day: 1 }, "switchyard.yaml:7"],
      "routing.hedge_after": ["off", "default"],
      "models.cheap": [{ openai: "gpt-5-nano" }, "switchyard.yaml:9"],
      "models.smart": [{ openai: "gpt-5.2", mine: "qwen" }, "default"],
      "providers.openai.api_key": [["key-1", "key-2"], "OPENAI_API_KEY"],
      "providers.openai.timeout": ["90s", "OPENAI_TIMEOUT_SECONDS"],
      "providers.openai.model": ["gpt-5-mini", "default"],
      "providers.mine.api_key": [["key-1"], "switchyard.yaml:14"],
      "providers.mine.endpoint": ["http://gpu:8000/v1", "switchyard.yaml:13"],
    });
    for (const { path } of Object.values(scalars)) expect(Object.keys(found)).toContain(path.join("."));
  });

  test("what was set at run time wins over variable and file, and only that", () => {
    const env = { OPENAI_API_KEY: "a", ANTHROPIC_API_KEY: "b", LLM_ROUTING_STRATEGY: "failover" };
    const overrides: RoutingOverrides = {
      strategy: "least_busy",
      limits: { openai: { concurrency: 1 } },
      hedge_after: "2s",
    };
    expect(listed(env, "routing: { affinity: run }", overrides)).toMatchObject({
      "routing.strategy": ["least_busy", "run time"],
      "routing.limits.openai": [{ concurrency: 1 }, "run time"],
      "routing.hedge_after": ["2s", "run time"],
      "routing.affinity": ["run", "switchyard.yaml:1"],
      "routing.weights": [{ openai: 1, anthropic: 1 }, "default"],
    });
  });

  test.each([
    ["redis://:hunter2@redis:6379/2", "redis://***@redis:6379/2"],
    ["rediss://ops:hunter2@redis", "rediss://***@redis"],
    ["redis://hunter2@redis", "redis://***@redis"],
    ["redis://redis/0?password=hunter2", "redis://redis/0?***"],
    ["redis://redis:6380", "redis://redis:6380"],
  ])("masks %s", (url, shown) => {
    expect(listed({ REDIS_URL: url }).redis_url).toEqual([shown, "REDIS_URL"]);
  });

  test("holds no secret, wherever it was set", () => {
    const secrets = ["hunter2", "s3cr3t-one", "s3cr3t-two", "s3cr3t-ref", "s3cr3t-file", "s3cr3t-aws"];
    const found = listed(
      {
        REDIS_URL: "redis://:hunter2@redis",
        OPENAI_API_KEY: "s3cr3t-one, s3cr3t-two",
        MINE: "s3cr3t-ref",
        BEDROCK_REGION: "eu-central-1",
        AWS_BEARER_TOKEN_BEDROCK: "s3cr3t-aws",
      },
      `providers:
  anthropic: { api_key: s3cr3t-file }
  mine: { type: custom, endpoint: http://gpu, model: m, api_key: "\${MINE}" }
`,
    );
    expect(Object.keys(found)).toEqual(
      expect.arrayContaining(["openai", "anthropic", "mine", "bedrock"].map((name) => `providers.${name}.api_key`)),
    );
    const text = JSON.stringify(found);
    for (const secret of secrets) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(secret.slice(-4));
    }
  });
});

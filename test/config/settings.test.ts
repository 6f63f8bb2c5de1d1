import { describe, expect, test } from "vitest";
import { settingsFolder } from "./folder.ts";

const { load } = settingsFolder();

const keys = { OPENAI_API_KEY: "sk-openai-secret-1", ANTHROPIC_API_KEY: "sk-ant-secret-1" };

describe("loadSettings", () => {
  test("has a value for everything without being told anything", () => {
    expect(load({})).toEqual({
      redisUrl: null,
      prefix: "switchyard",
      host: "127.0.0.1",
      port: 7700,
      open: false,
      rateLimit: null,
      origins: [],
      readerTimeoutMs: 60_000,
      retention: "30d",
      dataDir: ".switchyard",
      concurrency: 20,
      graceMs: 30_000,
      logLevel: "warn",
      bodyLimitBytes: 4_194_304,
      outputLimitBytes: 1_048_576,
      idempotencyKeepMs: 86_400_000,
      idempotencyLimitBytes: 4_194_304,
      ca: null,
      proxy: null,
      stepEnv: [],
      stepVariables: {},
      httpAllow: [],
      mcpCommands: [],
      agents: null,
      planKinds: ["llm", "agent", "map", "approval", "transform"],
      planMaxSteps: 20,
      planMaxUsd: 1,
      planExpireAfterMs: 86_400_000,
      functions: null,
      functionPackages: [],
      edition: "enterprise",
      routing: {
        strategy: "weighted",
        weights: {},
        defaultProvider: null,
        enabled: [],
        costs: {},
        strictDefault: false,
        drained: [],
        limits: {},
        affinity: "none",
        hedgeAfterMs: null,
        shadow: null,
        checkEveryMs: null,
        budgets: {},
        rampSince: {},
      },
      models: {
        smart: { openai: "gpt-5.2", anthropic: "claude-sonnet-4-6" },
        fast: { openai: "gpt-5-mini", anthropic: "claude-haiku-4-5" },
      },
      providers: [],
      warnings: [],
    });
  });

  test("takes every variable of the page that it follows", () => {
    const settings = load({
      ...keys,
      LLM_ROUTING_STRATEGY: "failover",
      PROVIDER_WEIGHTS: "openai:50, anthropic:30.5",
      DEFAULT_LLM_PROVIDER: "anthropic",
      LLM_PROVIDERS: "anthropic,openai",
      PROVIDER_COSTS: "anthropic:0.025,openai:0.03",
      LLM_STRICT_PROVIDER_DEFAULT: "yes",
    });
    expect(settings.routing).toMatchObject({
      strategy: "failover",
      weights: { anthropic: 30.5, openai: 50 },
      defaultProvider: "anthropic",
      enabled: ["anthropic", "openai"],
      costs: { anthropic: 0.025, openai: 0.03 },
      strictDefault: true,
    });
    expect(settings.providers.map(({ name }) => name)).toEqual(["anthropic", "openai"]);
  });

  test("weighs equally by default, and 0 what PROVIDER_WEIGHTS leaves out", () => {
    expect(load(keys).routing.weights).toEqual({ openai: 1, anthropic: 1 });
    expect(load({ ...keys, PROVIDER_WEIGHTS: "openai:5" }).routing.weights).toEqual({ openai: 5, anthropic: 0 });
  });

  test("reads the file, lets the environment win, and resolves references", () => {
    const settings = load(
      { ...keys, SWITCHYARD_PORT: "8001", VLLM_KEY: "abc" },
      `port: 8000
concurrency: 7
grace: 5s
routing:
  strategy: round_robin
  weights: { openai: 2, my-vllm: 1 }
  enabled: [my-vllm, openai]
models:
  smart: { my-vllm: big }
  cheap: { openai: gpt-5-nano }
providers:
  openai: { model: gpt-5.2, timeout: 90 }
  my-vllm: { type: custom, endpoint: "http://gpu:8000/", api_key: "\${VLLM_KEY}", model: qwen, timeout: 30s }
`,
    );
    expect(settings).toMatchObject({ port: 8001, concurrency: 7, graceMs: 5_000 });
    expect(settings.routing).toMatchObject({ strategy: "round_robin", enabled: ["my-vllm", "openai"] });
    expect(settings.models.smart).toMatchObject({ "my-vllm": "big", openai: "gpt-5.2" });
    expect(settings.models.cheap).toEqual({ openai: "gpt-5-nano" });
    const byName = Object.fromEntries(settings.providers.map((provider) => [provider.name, provider]));
    expect(byName.openai).toMatchObject({ model: "gpt-5.2", timeoutMs: 90_000, endpoint: "https://api.openai.com/v1" });
    expect(byName["my-vllm"]).toMatchObject({
      type: "custom",
      endpoint: "http://gpu:8000/v1",
      keys: [{ label: "key-1", secret: "abc" }],
      model: "qwen",
      timeoutMs: 30_000,
    });
  });

  test("labels several keys, keeps a path of an endpoint, and lets a ten-minute call live", () => {
    const [openai] = load({ OPENAI_API_KEY: "a-1, b-2 ,", OPENAI_ENDPOINT: "https://gw.example/openai/v2/" }).providers;
    expect(openai).toMatchObject({
      endpoint: "https://gw.example/openai/v2",
      keys: [
        { label: "key-1", secret: "a-1" },
        { label: "key-2", secret: "b-2" },
      ],
    });
    expect(openai?.timeoutMs).toBeGreaterThan(600_000);
  });

  test("warns of what is set and not used", () => {
    const settings = load({
      ...keys,
      OPENAI_BASE_URL: "http://x",
      PROVIDER_WEIGHT: "openai:1",
      LLM_PROVIDERS: "openai",
      PROVIDER_WEIGHTS: "openai:1,anthropic:1",
    });
    const text = settings.warnings.join("\n");
    expect(settings.warnings).toHaveLength(3);
    expect(text).toContain("OPENAI_BASE_URL is not read; Switchyard's name for it is OPENAI_ENDPOINT");
    expect(text).toContain("Did you mean PROVIDER_WEIGHTS?");
    expect(text).toContain("PROVIDER_WEIGHTS weighs anthropic, which LLM_PROVIDERS does not enable");
  });

  test("is never changed", () => {
    const settings = load(keys);
    expect(() => Object.assign(settings.routing.weights, { openai: 9 })).toThrow(TypeError);
  });
});

describe("a provider's timeouts", () => {
  const provider = (env: Record<string, string>, timeout: string) => {
    const yaml = `providers: { openai: { api_key: k, timeout: ${timeout}, connect_timeout: ${timeout} } }`;
    const [first] = load(env, yaml).providers;
    return [first?.timeoutMs, first?.connectTimeoutMs];
  };

  test.each([
    ["5m", 300_000],
    ["300ms", 300],
    ["1.5s", 1_500],
    ["1d", 86_400_000],
    ["90", 90_000],
    ['"90"', 90_000],
    ["0.5", 500],
  ])("take %s in the file", (timeout, ms) => {
    expect(provider({}, timeout)).toEqual([ms, ms]);
  });

  test.each(["0s", "25h", "2x", "-1", "soon"])("refuse %s in the file, naming durations", (timeout) => {
    expect(() => provider({}, timeout)).toThrow("a duration such as 300ms, 90s, 5m");
  });

  test("are seconds in the variable of that name", () => {
    expect(provider({ OPENAI_TIMEOUT_SECONDS: "7" }, "5m")).toEqual([7_000, 300_000]);
    expect(() => provider({ OPENAI_TIMEOUT_SECONDS: "5m" }, "5m")).toThrow("allowed: seconds");
  });
});

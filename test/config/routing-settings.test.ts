import { describe, expect, test } from "vitest";
import { checkOverrides } from "../../src/config/overrides.ts";
import { strategyNames } from "../../src/config/settings.ts";
import { refusal, settingsFolder } from "./folder.ts";

const folder = settingsFolder();
const keys = { OPENAI_API_KEY: "sk-openai-1,sk-openai-2", ANTHROPIC_API_KEY: "sk-ant-1" };

describe("the routing's settings", () => {
  test.each(strategyNames)("LLM_ROUTING_STRATEGY=%s", (strategy) => {
    expect(folder.load({ ...keys, LLM_ROUTING_STRATEGY: strategy }).routing.strategy).toBe(strategy);
    expect(folder.load(keys, `routing: { strategy: ${strategy} }`).routing.strategy).toBe(strategy);
  });

  test("every key of the file counts", () => {
    const { routing } = folder.load(
      keys,
      `routing:
  strategy: least_busy
  weights: { openai: 2, anthropic: 1 }
  default: anthropic
  enabled: [anthropic, openai]
  costs: { openai: 0.03 }
  strict_default: on
  drained: [openai]
  limits:
    openai:
      requests_per_minute: 100
      tokens_per_minute: 200000
      concurrency: 8
      usd_per_day: 12.5
      keys: { key-2: { concurrency: 1 } }
    anthropic: { keys: { key-1: { usd_per_day: 1 } } }
  affinity: run
  hedge_after: 300ms
  shadow: { provider: anthropic, model: claude-haiku-4-5, share: 0.25 }
  check_every: 1m
`,
    );
    const none = { requestsPerMinute: null, tokensPerMinute: null, concurrency: null, usdPerDay: null };
    expect(routing).toEqual({
      strategy: "least_busy",
      weights: { openai: 2, anthropic: 1 },
      defaultProvider: "anthropic",
      enabled: ["anthropic", "openai"],
      costs: { openai: 0.03 },
      strictDefault: true,
      drained: ["openai"],
      limits: {
        openai: {
          requestsPerMinute: 100,
          tokensPerMinute: 200_000,
          concurrency: 8,
          usdPerDay: 12.5,
          keys: { "key-2": { ...none, concurrency: 1 } },
        },
        anthropic: { ...none, keys: { "key-1": { ...none, usdPerDay: 1 } } },
      },
      affinity: "run",
      hedgeAfterMs: 300,
      shadow: { provider: "anthropic", model: "claude-haiku-4-5", share: 0.25 },
      checkEveryMs: 60_000,
      budgets: {},
      rampSince: {},
    });
  });

  test("variables stand over the file", () => {
    const { routing } = folder.load(
      { ...keys, LLM_ROUTING_AFFINITY: "none", LLM_HEDGE_AFTER: "off", LLM_CHECK_EVERY: "2m" },
      "routing: { affinity: run, hedge_after: 300ms, check_every: off }",
    );
    expect(routing).toMatchObject({ affinity: "none", hedgeAfterMs: null, checkEveryMs: 120_000 });
  });

  test("a limit may come from a variable by reference", () => {
    const { routing } = folder.load(
      { ...keys, DAILY_USD: "7.5" },
      'routing: { limits: { openai: { usd_per_day: "${DAILY_USD}" } } }',
    );
    expect(routing.limits.openai?.usdPerDay).toBe(7.5);
  });

  test("what has no effect is told", () => {
    const { warnings } = folder.load(
      { ...keys, LLM_PROVIDERS: "openai" },
      "routing: { drained: [anthropic], weights: { openai: 1, anthropic: 1 } }",
    );
    expect(warnings).toEqual([
      "routing.weights weighs anthropic, which LLM_PROVIDERS does not enable.",
      "routing.drained drains anthropic, which LLM_PROVIDERS does not enable.",
    ]);
  });

  test.each([
    ["HEDGE", { LLM_HEDGE_AFTR: "1s" }, "Did you mean LLM_HEDGE_AFTER?"],
    ["AFFINITY", { LLM_ROUTING_AFINITY: "run" }, "Did you mean LLM_ROUTING_AFFINITY?"],
  ])("a misspelt variable is told: %s", (_, env, meant) => {
    expect(folder.load({ ...keys, ...env }).warnings.join("\n")).toContain(meant);
  });
});

/** What is said below `routing:`, as JSON (which is YAML), and what is wrong with it: path, and parts of the message. */
const mistakes: readonly (readonly [string, string, readonly (readonly [string, ...string[]])[]])[] = [
  ["an unknown key", '{ "wieghts": {} }', [["wieghts", "No setting has this name", "Did you mean weights?"]]],
  [
    "a strategy",
    '{ "strategy": "cheapest" }',
    [["strategy", '"cheapest"', "allowed: weighted, round_robin, failover"]],
  ],
  ["a strategy's typo", '{ "strategy": "least_buzy" }', [["strategy", "Did you mean least_busy?"]]],
  [
    "a weight's name",
    '{ "weights": { "openia": 1 } }',
    [["weights.openia", "No provider is called openia", "Did you mean openai?"]],
  ],
  [
    "a weight below 0",
    '{ "weights": { "openai": -1, "anthropic": 1 } }',
    [["weights.openai", "openai:-1", "a number, 0 or more"]],
  ],
  [
    "a weight that is no number",
    '{ "weights": { "openai": true, "anthropic": 1 } }',
    [["weights.openai", "openai:true", "a number, 0 or more"]],
  ],
  ["weights in a list", '{ "weights": ["openai"] }', [["weights", "provider:number,provider:number or a mapping"]]],
  ["all weights 0", '{ "weights": { "openai": 0 } }', [["weights", "openai, anthropic", "weighs 0"]]],
  ["a cost's name", '{ "costs": { "ollama": 0 } }', [["costs.ollama", "set OLLAMA_ENDPOINT"]]],
  ["a default's name", '{ "default": "antropic" }', [["default", "Did you mean anthropic?"]]],
  ["a default that is no name", '{ "default": 5 }', [["default", '"5" is not allowed', "the name of a provider"]]],
  [
    "a default that is not enabled",
    '{ "enabled": ["openai"], "default": "anthropic" }',
    [["default", "anthropic is not enabled", "enables openai"]],
  ],
  ["an enabled name", '{ "enabled": ["openai", "antropic"] }', [["enabled.1", "Did you mean anthropic?"]]],
  ["an enabled name twice", '{ "enabled": ["openai", "openai"] }', [["enabled.1", "openai stands there twice"]]],
  ["nothing enabled", '{ "enabled": [] }', [["enabled", "The list is empty"]]],
  ["an enabled list that is none", '{ "enabled": 3 }', [["enabled", '"3" is not allowed', "a list of names"]]],
  [
    "only enabled ones that weigh 0",
    '{ "enabled": ["openai"], "weights": { "anthropic": 1 } }',
    [["weights", "(openai) weighs 0"]],
  ],
  ["strictness", '{ "strict_default": "perhaps" }', [["strict_default", '"perhaps"', "allowed: true, false"]]],
  ["a drained name", '{ "drained": ["openia"] }', [["drained.0", "Did you mean openai?"]]],
  [
    "everybody drained",
    '{ "drained": ["openai", "anthropic"] }',
    [["drained", "Every enabled provider (openai, anthropic) is drained"]],
  ],
  [
    "the one enabled provider drained",
    '{ "enabled": ["openai"], "drained": ["openai"] }',
    [["drained", "(openai) is drained"]],
  ],
  ["limits that are no mapping", '{ "limits": 5 }', [["limits", '"5" is not allowed', "limits by provider"]]],
  [
    "a limit's provider",
    '{ "limits": { "openia": { "concurrency": 1 } } }',
    [["limits.openia", "Did you mean openai?"]],
  ],
  [
    "a provider's limits that are no mapping",
    '{ "limits": { "openai": 5 } }',
    [["limits.openai", '"5"', "requests_per_minute"]],
  ],
  [
    "an unknown limit",
    '{ "limits": { "openai": { "request_per_minute": 5 } } }',
    [["limits.openai.request_per_minute", "Did you mean requests_per_minute?"]],
  ],
  [
    "limits out of range",
    '{ "limits": { "openai": { "requests_per_minute": 0, "tokens_per_minute": 1.5, "concurrency": "many", "usd_per_day": -2 } } }',
    [
      ["limits.openai.requests_per_minute", '"0"', "a whole number, 1 or more"],
      ["limits.openai.tokens_per_minute", '"1.5"', "a whole number, 1 or more"],
      ["limits.openai.concurrency", '"many"', "a whole number, 1 or more"],
      ["limits.openai.usd_per_day", '"-2"', "a number of USD, more than 0"],
    ],
  ],
  [
    "a key's label",
    '{ "limits": { "openai": { "keys": { "key-3": { "concurrency": 1 } } } } }',
    [["limits.openai.keys.key-3", "openai has no key key-3", "its keys: key-1, key-2"]],
  ],
  [
    "a key's limit",
    '{ "limits": { "openai": { "keys": { "key-1": { "concurrency": 0 } } } } }',
    [["limits.openai.keys.key-1.concurrency", '"0"']],
  ],
  [
    "keys below a key",
    '{ "limits": { "openai": { "keys": { "key-1": { "keys": {} } } } } }',
    [["limits.openai.keys.key-1.keys", "No setting has this name"]],
  ],
  ["affinity", '{ "affinity": "runs" }', [["affinity", '"runs"', "allowed: none, run", "Did you mean run?"]]],
  ["hedging without a unit", '{ "hedge_after": 300 }', [["hedge_after", '"300"', "off, or a duration such as 300ms"]]],
  ["hedging at once", '{ "hedge_after": "0ms" }', [["hedge_after", '"0ms"']]],
  ["checks too often", '{ "check_every": "10ms" }', [["check_every", '"10ms"', "from 1s to 1d"]]],
  ["a shadow that is a name", '{ "shadow": "openai" }', [["shadow", '"openai"', "off, or provider, share"]]],
  [
    "a shadow's name",
    '{ "shadow": { "provider": "openia", "share": 0.1 } }',
    [["shadow.provider", "Did you mean openai?"]],
  ],
  [
    "a shadow's share",
    '{ "shadow": { "provider": "openai", "share": 10 } }',
    [["shadow.share", '"10"', "a number from 0 to 1"]],
  ],
  [
    "a shadow's key",
    '{ "shadow": { "provider": "openai", "share": 0, "modl": "x" } }',
    [["shadow.modl", "Did you mean model?"]],
  ],
  [
    "a shadow's model",
    '{ "shadow": { "provider": "openai", "share": 0, "model": 5 } }',
    [["shadow.model", '"5"', "a model's name"]],
  ],
  [
    "a shadow without its parts",
    '{ "shadow": {} }',
    [
      ["shadow", "provider is missing"],
      ["shadow", "share is missing"],
    ],
  ],
];

const matches = (problems: readonly { path: string; message: string }[], expected: (typeof mistakes)[number][2]) => {
  expect(problems.map(({ path }) => path)).toEqual(expected.map(([path]) => `routing.${path}`));
  problems.forEach(({ message }, i) => {
    for (const part of expected[i]?.slice(1) ?? []) expect(message).toContain(part);
  });
};

describe("a mistake in the file", () => {
  test.each(mistakes)("%s", (_, said, expected) => {
    const error = folder.refused(keys, `routing: ${said}\n`);
    matches(error.problems, expected);
    expect(error.problems.every(({ line }) => line === 1)).toBe(true);
    expect(error.details.file).toBe("switchyard.yaml");
  });

  test("all of them are told at once", () => {
    const said =
      "{ strategy: x, default: y, drained: [z], affinity: w, check_every: v, limits: { openai: { concurrency: 0 } } }";
    const paths = folder.refused(keys, `routing: ${said}\n`).problems.map(({ path }) => path);
    expect(paths.sort()).toEqual(
      ["affinity", "check_every", "default", "drained.0", "limits.openai.concurrency", "strategy"].map(
        (key) => `routing.${key}`,
      ),
    );
  });

  test("a secret that a reference brings to the wrong place is not repeated", () => {
    const said =
      '{ weights: { openai: "${OPENAI_API_KEY}" }, default: "${OPENAI_API_KEY}", affinity: "${OPENAI_API_KEY}" }';
    const error = folder.refused({ OPENAI_API_KEY: "sk-proj-1234567890abcdefgh" }, `routing: ${said}\n`);
    expect(error.problems.length).toBeGreaterThan(2);
    expect(JSON.stringify([error.message, error.problems])).not.toContain("1234567890");
  });
});

describe("the same mistake at run time", () => {
  test.each(mistakes)("%s", (_, said, expected) => {
    const settings = folder.load(keys);
    matches(refusal(() => checkOverrides(JSON.parse(said), settings)).problems, expected);
  });
});

describe("EDITION=community", () => {
  test.each(["variable", "file", "run time"] as const)("refuses cost_optimized by %s and names the others", (way) => {
    const env = { ...keys, EDITION: "community" };
    const said = { strategy: "cost_optimized" };
    const error = {
      variable: () => folder.refused({ ...env, LLM_ROUTING_STRATEGY: "cost_optimized" }),
      file: () => folder.refused(env, "routing: { strategy: cost_optimized }"),
      "run time": () => refusal(() => checkOverrides(said, folder.load(env))),
    }[way]();
    expect(error.problems).toHaveLength(1);
    expect(error.message).toContain("not part of EDITION=community; allowed: weighted, round_robin, failover, latency");
  });

  test("refuses bedrock and custom providers", () => {
    const yaml = "providers: { mine: { type: custom, endpoint: http://x, model: m } }";
    const error = folder.refused({ ...keys, EDITION: "community", BEDROCK_REGION: "eu-west-1" }, yaml);
    expect(error.message).toContain("EDITION=community has no bedrock");
    expect(error.message).toContain("EDITION=community has no custom providers");
  });
});

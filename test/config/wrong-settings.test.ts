import { describe, expect, test } from "vitest";
import { settingsFolder } from "./folder.ts";

const { refused: problemsOf } = settingsFolder();

const keys = { OPENAI_API_KEY: "sk-openai-secret-1", ANTHROPIC_API_KEY: "sk-ant-secret-1" };

describe("wrong settings", () => {
  test.each<[string, Record<string, string>, string | undefined, readonly (readonly [string, string])[]]>([
    [
      "a strategy's typo",
      { LLM_ROUTING_STRATEGY: "wieghted" },
      undefined,
      [["LLM_ROUTING_STRATEGY", "Did you mean weighted?"]],
    ],
    [
      "community's limits",
      { EDITION: "community", LLM_ROUTING_STRATEGY: "cost_optimized", BEDROCK_REGION: "eu-west-1" },
      "providers: { mine: { type: custom, endpoint: http://x, model: m } }",
      [
        ["BEDROCK_REGION", "no bedrock"],
        ["providers.mine", "no custom providers"],
        ["LLM_ROUTING_STRATEGY", "not part of EDITION=community"],
      ],
    ],
    [
      "names that no provider bears",
      {
        ...keys,
        PROVIDER_WEIGHTS: "opnai:1,anthropic:1",
        PROVIDER_COSTS: "ollama:0",
        DEFAULT_LLM_PROVIDER: "claude",
        LLM_PROVIDERS: "openai,anthropic,gemini",
      },
      undefined,
      [
        ["LLM_PROVIDERS", "gemini is not configured; set GOOGLE_API_KEY"],
        ["PROVIDER_COSTS", "ollama is not configured; set OLLAMA_ENDPOINT"],
        ["DEFAULT_LLM_PROVIDER", "No provider is called claude"],
        ["PROVIDER_WEIGHTS", "Did you mean openai?"],
      ],
    ],
    [
      "pairs",
      { ...keys, PROVIDER_WEIGHTS: "openai:-1,anthropic=3,openai:x", PROVIDER_COSTS: "openai:1,openai:2" },
      undefined,
      [
        ["PROVIDER_COSTS", "openai stands there twice"],
        ["PROVIDER_WEIGHTS", '"anthropic=3" is not a pair'],
        ["PROVIDER_WEIGHTS", "openai:-1"],
        ["PROVIDER_WEIGHTS", "openai:x"],
      ],
    ],
    ["all weights 0", { ...keys, PROVIDER_WEIGHTS: "openai:0" }, undefined, [["PROVIDER_WEIGHTS", "weighs 0"]]],
    [
      "a default that is not enabled",
      { ...keys, LLM_PROVIDERS: "openai", DEFAULT_LLM_PROVIDER: "anthropic" },
      undefined,
      [["DEFAULT_LLM_PROVIDER", "anthropic is not enabled"]],
    ],
    [
      "values out of range",
      {
        SWITCHYARD_PORT: "99999",
        SWITCHYARD_CONCURRENCY: "0",
        SWITCHYARD_GRACE: "soon",
        SWITCHYARD_LOG: "verbos",
        LLM_STRICT_PROVIDER_DEFAULT: "maybe",
        SWITCHYARD_BODY_LIMIT: "much",
        SWITCHYARD_PREFIX: "a:b",
        REDIS_URL: "http://:hunter2@redis",
        OPENAI_TIMEOUT_SECONDS: "-3",
      },
      undefined,
      [
        ["OPENAI_TIMEOUT_SECONDS", "seconds"],
        ["LLM_STRICT_PROVIDER_DEFAULT", "true, false"],
        ["REDIS_URL", "redis://"],
        ["SWITCHYARD_PREFIX", "letters"],
        ["SWITCHYARD_PORT", "65535"],
        ["SWITCHYARD_CONCURRENCY", "1 to 1000"],
        ["SWITCHYARD_GRACE", "duration"],
        ["SWITCHYARD_LOG", "allowed: silent"],
        ["SWITCHYARD_BODY_LIMIT", "size"],
      ],
    ],
    [
      "unknown names",
      { SWITCHYARD_PORTS: "1", SWITCHYARD_WHATEVER: "x" },
      "portt: 1\nrouting: { strategie: weighted }\nproviders: { openai: { api_key: k, modell: x } }\n",
      [
        ["portt", "Did you mean port?"],
        ["routing.strategie", "Did you mean strategy?"],
        ["providers.openai.modell", "Did you mean model?"],
        ["SWITCHYARD_PORTS", "Did you mean SWITCHYARD_PORT?"],
        ["SWITCHYARD_WHATEVER", "No setting has this name"],
      ],
    ],
    [
      "providers in the file",
      { OPENAI_API_KEY: "k", OPENAI_ENDPOINT: "ftp://files" },
      `providers:
  antropic: { api_key: k }
  mine: { type: custom, endpoint: "http://user:pw@host" }
  ollama: { model: llama3.2 }
  other: { type: custom, endpoint: http://x, model: m, api_key: "\${NOT_SET}" }
`,
      [
        ["OPENAI_ENDPOINT", "http://"],
        ["providers.ollama", "OLLAMA_ENDPOINT"],
        ["providers.antropic", "Did you mean anthropic?"],
        ["providers.mine", "needs model"],
        ["providers.mine.endpoint", "without user"],
        ["providers.other.api_key", "NOT_SET"],
      ],
    ],
    [
      "aliases",
      keys,
      "models: { smart: { opnai: gpt-5 }, cheap: nano, fast: { openai: 5 } }",
      [
        ["models.smart.opnai", "Did you mean openai?"],
        ["models.cheap", "models by provider"],
        ["models.fast.openai", "a model's name"],
      ],
    ],
  ])("%s: every problem at once", (_, env, yaml, expected) => {
    const error = problemsOf(env, yaml);
    const found = error.problems.map(({ path, message }) => [path, message] as const);
    expect(found.map(([path]) => path)).toEqual(expected.map(([path]) => path));
    found.forEach(([, message], i) => {
      expect(message).toContain(expected[i]?.[1]);
    });
    expect(error.code).toBe("invalid_settings");
    for (const [path, message] of found) {
      expect(error.message).toContain(`- ${path}`);
      expect(error.message).toContain(message);
    }
    expect(error.message).not.toMatch(/secret-1|hunter2|user:pw/);
  });

  test("names line and column of the file", () => {
    const [problem] = problemsOf({}, "prefix: x\nrouting:\n  strategy: wieghted\n").problems;
    expect(problem).toMatchObject({ path: "routing.strategy", line: 3, column: 13 });
  });

  test("a file that is no YAML, is a list, or is missing although it was named", () => {
    expect(problemsOf({}, "a: [1\nb: 2").problems[0]?.line).toBeGreaterThan(0);
    expect(problemsOf({}, "- 1\n- 2\n").message).toContain("keys and values");
    expect(problemsOf({ SWITCHYARD_CONFIG: "nowhere.yaml" }).message).toContain("nowhere.yaml cannot be read");
  });

  test("a key in the wrong place is not repeated", () => {
    expect(problemsOf({ SWITCHYARD_PORT: "sk-proj-abcdefghijklmnopqrstuvwxyz" }).message).not.toContain("abcdefgh");
  });
});

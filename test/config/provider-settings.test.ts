import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadSettings } from "../../src/config/load.ts";

const cwd = mkdtempSync(join(tmpdir(), "switchyard-provider-settings-"));
const file = join(cwd, "switchyard.yaml");
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const load = (env: Record<string, string>, yaml = "") => {
  writeFileSync(file, yaml);
  return loadSettings({ env, cwd });
};
const problemsOf = (env: Record<string, string>, yaml = ""): string => {
  try {
    load(env, yaml);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "";
};
const azure = {
  AZURE_OPENAI_ENDPOINT: "https://example.openai.azure.com/",
  AZURE_OPENAI_API_KEY: "k1,k2",
  AZURE_OPENAI_DEPLOYMENT_NAME: "my-gpt",
};

describe("azure-openai", () => {
  test("is configured by endpoint, key and deployment", () => {
    const [provider] = load({
      ...azure,
      AZURE_OPENAI_API_VERSION: "2024-10-21",
      AZURE_OPENAI_TIMEOUT_SECONDS: "9",
    }).providers;
    expect(provider).toMatchObject({
      name: "azure-openai",
      endpoint: "https://example.openai.azure.com",
      model: "my-gpt",
      apiVersion: "2024-10-21",
      timeoutMs: 9_000,
    });
    expect(provider?.keys.map(({ label }) => label)).toEqual(["key-1", "key-2"]);
  });
  test.each(Object.keys(azure))("without %s says so", (name) => {
    const { [name as keyof typeof azure]: _, ...rest } = azure;
    expect(problemsOf(rest)).toMatch(new RegExp(`azure-openai is not configured without its \\w+: set ${name}\\.`));
  });
  test("may stand in the file, where a region means nothing to it", () => {
    const entry = "{ endpoint: 'https://example.test', api_key: k, model: d, api_version: 2024-10-21 }";
    expect(load({}, `providers:\n  azure-openai: ${entry}\n`).providers[0]?.apiVersion).toBe("2024-10-21");
    expect(problemsOf({}, `providers:\n  azure-openai: ${entry.replace("api_version", "region")}\n`)).toMatch(
      /^The settings have 1 problem.*\n.*azure-openai\.region .*: No setting has this name/,
    );
  });
});

describe("gemini", () => {
  test("reads the variables of GOOGLE_", () => {
    const [provider] = load({
      GOOGLE_API_KEY: "k",
      GOOGLE_MODEL: "gemini-2.5-pro",
      GOOGLE_ENDPOINT: "http://127.0.0.1:9000",
      GOOGLE_TIMEOUT_SECONDS: "5",
    }).providers;
    expect(provider).toMatchObject({
      name: "gemini",
      model: "gemini-2.5-pro",
      endpoint: "http://127.0.0.1:9000/v1beta",
      timeoutMs: 5_000,
    });
  });
  test("is told that other names of its key are not read", () => {
    expect(load({ GEMINI_API_KEY: "k" }).warnings.join()).toContain("Switchyard's name for it is GOOGLE_API_KEY");
  });
});

describe("bedrock", () => {
  test("is configured by its region", () => {
    expect(load({ BEDROCK_REGION: "eu-central-1" }).providers[0]).toMatchObject({
      name: "bedrock",
      region: "eu-central-1",
      endpoint: "",
      keys: [],
    });
    expect(problemsOf({ BEDROCK_REGION: "Frankfurt" })).toContain("an AWS region such as eu-central-1");
    expect(load({ AWS_BEARER_TOKEN_BEDROCK: "k" }).providers).toEqual([]);
  });
  test("is refused by the community edition, in the environment and in the file", () => {
    const refused = "EDITION=community has no bedrock; allowed with EDITION=enterprise.";
    expect(problemsOf({ EDITION: "community", BEDROCK_REGION: "eu-central-1" })).toContain(refused);
    expect(problemsOf({ EDITION: "community" }, "providers:\n  bedrock: { region: eu-central-1 }\n")).toContain(
      refused,
    );
  });
});

describe("the times of a stream", () => {
  test("have generous defaults and can be set", () => {
    expect(load({ OPENAI_API_KEY: "k" }).providers[0]).toMatchObject({
      firstTokenTimeoutMs: 600_000,
      idleTimeoutMs: 300_000,
    });
    const yaml = "providers:\n  openai: { first_token_timeout: 20s, idle_timeout: 5 }\n";
    expect(load({ OPENAI_API_KEY: "k" }, yaml).providers[0]).toMatchObject({
      firstTokenTimeoutMs: 20_000,
      idleTimeoutMs: 5_000,
    });
    expect(problemsOf({ OPENAI_API_KEY: "k" }, "providers:\n  openai: { idle_timeout: never }\n")).toContain(
      "idle_timeout",
    );
  });
});

describe("the interface of openai and azure-openai", () => {
  const azure = {
    AZURE_OPENAI_ENDPOINT: "https://x.openai.azure.com",
    AZURE_OPENAI_API_KEY: "k",
    AZURE_OPENAI_DEPLOYMENT_NAME: "d",
  };
  test("is chat unless variable or file say responses; the others have none", () => {
    const apis = (env: Record<string, string>, yaml?: string) => load(env, yaml).providers.map(({ api }) => api);
    const all = { OPENAI_API_KEY: "k", ANTHROPIC_API_KEY: "k", ...azure };
    expect(apis(all)).toEqual(["chat", null, "chat"]);
    expect(apis({ ...all, OPENAI_API: "responses", AZURE_OPENAI_API: "responses" })).toEqual([
      "responses",
      null,
      "responses",
    ]);
    expect(apis({ OPENAI_API_KEY: "k" }, "providers: { openai: { api: responses } }")).toEqual(["responses"]);
  });
  test("is refused where it is no such word, without showing what may be a key, and where a provider has none", () => {
    const problem = problemsOf({ OPENAI_API_KEY: "k", OPENAI_API: "sk-mistaken" });
    expect(problem).toContain("OPENAI_API");
    expect(problem).toContain("chat, responses");
    expect(problem).not.toContain("sk-mistaken");
    expect(problemsOf({ ANTHROPIC_API_KEY: "k" }, "providers: { anthropic: { api: chat } }")).toContain("api");
  });
  test("responses take no version", () => {
    const both = { ...azure, AZURE_OPENAI_API: "responses", AZURE_OPENAI_API_VERSION: "2024-10-21" };
    expect(problemsOf(both)).toContain("AZURE_OPENAI_API_VERSION: api: responses takes no api_version");
  });
});

describe("capabilities", () => {
  const entry = (capabilities: string) =>
    `providers:\n  mine: { type: custom, endpoint: "http://gpu:8000", model: m, capabilities: ${capabilities} }\n`;
  test("of models by their names, also of built-in providers that variables configure", () => {
    const said = load(
      { LIMIT: "8192" },
      entry('{ m: { context_window: "${LIMIT}", images: no, tools: true }, "qwen/qwen3:8b": { max_output: 100 } }'),
    ).providers[0];
    expect(said?.capabilities).toEqual({
      m: { contextWindow: 8_192, images: false, tools: true },
      "qwen/qwen3:8b": { maxOutput: 100 },
    });
    const yaml = "providers: { openai: { capabilities: { gpt-9: { json_schema: false, reasoning: true } } } }";
    expect(load({ OPENAI_API_KEY: "k" }, yaml).providers[0]?.capabilities).toEqual({
      "gpt-9": { jsonSchema: false, reasoning: true },
    });
    expect(load({ OPENAI_API_KEY: "k" }).providers[0]?.capabilities).toEqual({});
  });
  test("that are wrong are all told, each with its place", () => {
    const told = problemsOf(
      {},
      entry("{ m: { context_window: 0, max_output: 8k, imgaes: true, tools: perhaps }, n: 5 }"),
    );
    for (const part of [
      /providers\.mine\.capabilities\.m\.context_window .*"0" is not allowed; allowed: a number of tokens, 1 or more/,
      /providers\.mine\.capabilities\.m\.max_output .*"8k" is not allowed/,
      /providers\.mine\.capabilities\.m\.imgaes .*Did you mean images\?/,
      /providers\.mine\.capabilities\.m\.tools .*"perhaps" is not allowed; allowed: true, false/,
      /providers\.mine\.capabilities\.n .*allowed: context_window, max_output, tools, images, json_schema, reasoning below it/,
    ])
      expect(told).toMatch(part);
    expect(problemsOf({}, entry("[m]"))).toContain("allowed: names of models with context_window,");
  });
});

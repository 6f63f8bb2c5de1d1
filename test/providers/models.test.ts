import { describe, expect, test } from "vitest";
import { loadSettings } from "../../src/config/load.ts";
import { createProviders } from "../../src/providers/create.ts";
import { isStrictSchema } from "../../src/providers/strict-schema.ts";

const settings = loadSettings({
  env: {
    OPENAI_API_KEY: "a",
    ANTHROPIC_API_KEY: "b",
    OLLAMA_ENDPOINT: "http://127.0.0.1:11434",
    GOOGLE_API_KEY: "c",
    BEDROCK_REGION: "eu-central-1",
    AZURE_OPENAI_ENDPOINT: "https://example.openai.azure.com",
    AZURE_OPENAI_API_KEY: "d",
    AZURE_OPENAI_DEPLOYMENT_NAME: "gpt-4o-mini",
    PROVIDER_COSTS: "anthropic:0.02",
  },
  cwd: "/nonexistent",
});
const providers = createProviders(settings);

describe("serves", () => {
  test.each([
    ["gpt-5.2", ["openai"]],
    ["gpt-4o-mini", ["openai", "azure-openai"]],
    ["o3-mini", ["openai"]],
    ["ft:gpt-4o:acme::1", ["openai"]],
    ["claude-sonnet-4-20250514", ["anthropic"]],
    ["gpt-oss:20b", ["ollama"]],
    ["llama3.2", ["ollama"]],
    ["qwen2.5:7b", ["ollama"]],
    ["gemini-2.5-pro", ["gemini"]],
    ["anthropic.claude-sonnet-4-20250514-v1:0", ["bedrock"]],
    ["global.anthropic.claude-sonnet-4-6", ["bedrock"]],
    ["us.amazon.nova-lite-v1:0", ["bedrock"]],
    ["meta.llama3-1-8b-instruct-v1:0", ["bedrock"]],
    ["arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-6", ["bedrock"]],
    ["hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M", ["ollama"]],
    ["deepseek-r1:8b", ["ollama"]],
    ["smart", []],
  ])("%s belongs to %j", (model, owners) => {
    expect([...providers.values()].filter((provider) => provider.serves(model)).map(({ name }) => name)).toEqual(
      owners,
    );
  });
});

describe("costUsd", () => {
  const usage = { inputTokens: 1_000, outputTokens: 500, cachedInputTokens: null, reasoningTokens: null };
  test("takes the table's price, a configured one before it, 0 for ollama", () => {
    expect(providers.get("openai")?.costUsd("gpt-4o-mini", usage)).toBeCloseTo(0.00045, 8);
    expect(providers.get("anthropic")?.costUsd("claude-sonnet-4-6", usage)).toBeCloseTo(0.03, 8);
    expect(providers.get("ollama")?.costUsd("anything", usage)).toBe(0);
  });
  test("is null for an unknown model and for unknown tokens, never 0", () => {
    expect(providers.get("openai")?.costUsd("gpt-99-unheard-of", usage)).toBeNull();
    expect(providers.get("openai")?.costUsd("gpt-4o-mini", { ...usage, outputTokens: null })).toBeNull();
  });
});

describe("price", () => {
  test("says what a call rests on: the table, the settings, or a price that is in force now", () => {
    expect(providers.get("openai")?.price("gpt-4o-mini")).toEqual({
      inputPerMillion: 0.15,
      outputPerMillion: 0.6,
      source: "table",
    });
    const anthropic = providers.get("anthropic");
    expect(anthropic?.price("claude-sonnet-4-6")).toEqual({
      inputPerMillion: 20,
      outputPerMillion: 20,
      source: "settings",
    });
    expect(anthropic?.price("claude-sonnet-4-6", 0.05)?.inputPerMillion).toBe(50);
    expect(anthropic?.price("claude-sonnet-4-6", null)).toMatchObject({ inputPerMillion: 3, source: "table" });
  });
  test("and cost follow the same override", () => {
    const usage = { inputTokens: 1_000, outputTokens: 500, cachedInputTokens: null, reasoningTokens: null };
    expect(providers.get("openai")?.costUsd("gpt-4o-mini", usage, 0.01)).toBeCloseTo(0.015, 8);
    expect(providers.get("anthropic")?.costUsd("claude-sonnet-4-6", usage, null)).toBeCloseTo(0.0105, 8);
    expect(providers.get("ollama")?.costUsd("anything", usage, 1)).toBeCloseTo(1.5, 8);
    expect(providers.get("ollama")?.costUsd("anything", usage, null)).toBe(0);
  });
  test("is found for every vendor's default model, in the first step where it has steps", () => {
    for (const name of ["openai", "anthropic", "azure-openai", "gemini", "bedrock"]) {
      const provider = providers.get(name);
      const price = provider?.price(provider.defaultModel, null);
      expect([name, price?.source, (price?.outputPerMillion ?? 0) > (price?.inputPerMillion ?? 0)]).toEqual([
        name,
        "table",
        true,
      ]);
    }
    expect(providers.get("gemini")?.price("gemini-2.5-pro")).toMatchObject({ inputPerMillion: 1.25 });
  });
  test("is null for what nobody knows", () => {
    expect(providers.get("openai")?.price("gpt-99-unheard-of")).toBeNull();
    expect(providers.get("ollama")?.price("anything")).toEqual({
      inputPerMillion: 0,
      outputPerMillion: 0,
      source: "table",
    });
  });
});

describe("isStrictSchema", () => {
  const closed = { type: "object", additionalProperties: false };
  test("holds for closed objects with everything required", () => {
    expect(
      isStrictSchema({ ...closed, required: ["a"], properties: { a: { type: "array", items: { enum: ["x"] } } } }),
    ).toBe(true);
  });
  test.each([
    ["an optional property", { ...closed, required: [], properties: { a: {} } }],
    ["an open object", { type: "object", required: ["a"], properties: { a: {} } }],
    ["an open object inside", { ...closed, required: ["a"], properties: { a: { type: "object", properties: {} } } }],
    ["oneOf", { ...closed, required: ["a"], properties: { a: { oneOf: [] } } }],
  ])("does not hold for %s", (_, schema) => {
    expect(isStrictSchema(schema)).toBe(false);
  });
});

import { describe, expect, test } from "vitest";
import { loadSettings } from "../../src/config/load.ts";
import { createProviders } from "../../src/providers/create.ts";
import { isStrictSchema } from "../../src/providers/strict-schema.ts";

const settings = loadSettings({
  env: {
    OPENAI_API_KEY: "a",
    ANTHROPIC_API_KEY: "b",
    OLLAMA_ENDPOINT: "http://127.0.0.1:11434",
    PROVIDER_COSTS: "anthropic:0.02",
  },
  cwd: "/nonexistent",
});
const providers = createProviders(settings);

describe("serves", () => {
  test.each([
    ["gpt-5.2", ["openai"]],
    ["o3-mini", ["openai"]],
    ["ft:gpt-4o:acme::1", ["openai"]],
    ["claude-sonnet-4-20250514", ["anthropic"]],
    ["gpt-oss:20b", ["ollama"]],
    ["llama3.2", ["ollama"]],
    ["qwen2.5:7b", ["ollama"]],
    ["gemini-2.5-pro", []],
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

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hello, providerAt } from "./provider-under-test.ts";
import { vendorWires } from "./vendor-wire.ts";
import { json, type WireServer, wireServer } from "./wire-server.ts";

const wireOf = (name: string) => {
  const wire = vendorWires.find((one) => one.name === name);
  if (!wire) throw new Error(`no wire of ${name}`);
  return wire;
};
const of = (name: string, model: string) => providerAt(wireOf(name), "http://127.0.0.1:9").capabilities(model);

describe("capabilities", () => {
  test.each([
    [
      "openai",
      "gpt-4o-mini",
      { contextWindow: 128_000, maxOutput: 16_384, images: true, tools: true, reasoning: false },
    ],
    ["openai", "ft:gpt-4o-mini-2024-07-18:acme::1", { maxOutput: 16_384, images: true, reasoning: false }],
    ["openai", "gpt-3.5-turbo", { contextWindow: 16_385, images: false, tools: true, jsonSchema: false }],
    ["openai", "gpt-4-0613", { contextWindow: 8_192, images: false, jsonSchema: false, reasoning: false }],
    ["openai", "gpt-4o-audio-preview", { images: null, tools: null, reasoning: false }],
    ["openai", "gpt-5-mini", { contextWindow: 400_000, maxOutput: 128_000, images: true, reasoning: true }],
    ["openai", "gpt-5-chat-latest", { images: true, reasoning: false }],
    ["openai", "o3-mini", { contextWindow: 200_000, images: false, tools: true, reasoning: true }],
    ["openai", "o1-mini", { images: false, tools: false, jsonSchema: false }],
    ["openai", "gpt-99-unheard-of", { contextWindow: null, images: null, tools: null, reasoning: null }],
    ["azure-openai", "gpt-4.1-mini", { contextWindow: 1_000_000, images: true }],
    // A deployment of that name may be any of several models.
    ["azure-openai", "gpt-4", { images: null, jsonSchema: null }],
    ["azure-openai", "our-deployment", { contextWindow: null, images: null }],
    ["anthropic", "claude-sonnet-4-6", { contextWindow: 1_000_000, maxOutput: null, images: true, reasoning: true }],
    ["anthropic", "claude-opus-4-20250514", { contextWindow: 200_000, maxOutput: 32_000, reasoning: true }],
    ["anthropic", "claude-opus-4-1", { maxOutput: 32_000 }],
    ["anthropic", "claude-opus-4-5-20251101", { maxOutput: 64_000 }],
    ["anthropic", "claude-3-haiku-20240307", { maxOutput: 4_096, images: true, reasoning: false }],
    ["anthropic", "claude-2.1", { images: false, tools: false }],
    ["gemini", "gemini-2.5-pro", { contextWindow: 1_048_576, maxOutput: 65_536, reasoning: true }],
    ["gemini", "gemini-2.0-flash", { contextWindow: 1_000_000, maxOutput: 8_192, reasoning: false }],
    ["gemini", "gemini-2.5-flash-preview-tts", { images: null, tools: null }],
    ["bedrock", "us.anthropic.claude-3-5-sonnet-20241022-v2:0", { contextWindow: 200_000, maxOutput: 8_192 }],
    ["bedrock", "eu.amazon.nova-micro-v1:0", { contextWindow: 128_000, images: false, tools: true }],
    ["bedrock", "meta.llama3-8b-instruct-v1:0", { contextWindow: 8_192, tools: false, jsonSchema: false }],
    ["bedrock", "us.meta.llama3-2-90b-instruct-v1:0", { images: true, tools: true }],
    ["ollama", "llama3.2", { contextWindow: null, images: false, tools: true, jsonSchema: true }],
    ["ollama", "llama3.2-vision:11b", { images: true }],
    ["ollama", "qwen3:8b", { images: false, tools: true, reasoning: true }],
    ["ollama", "gemma3:4b", { images: null }],
    ["my-vllm", "Qwen/Qwen3-8B", { contextWindow: null, images: null, tools: null, sources: {} }],
  ] as const)("of %s %s", (name, model, can) => {
    expect(of(name, model)).toMatchObject(can);
  });

  test("are the settings' first, then the table's, then the vendor's, and say which", () => {
    const file = { capabilities: { "gemini-2.5-flash": { context_window: 32_768, images: false } } };
    const provider = providerAt(wireOf("gemini"), "http://127.0.0.1:9", {}, file);
    expect(provider.capabilities("gemini-2.5-flash")).toMatchObject({
      contextWindow: 32_768,
      images: false,
      maxOutput: 65_536,
      sources: { contextWindow: "settings", images: "settings", maxOutput: "vendor" },
    });
    expect(provider.capabilities("gemini-2.5-flash-lite").sources).toMatchObject({ contextWindow: "table" });
    const plain = providerAt(wireOf("openai"), "http://127.0.0.1:9", {}, { structured_outputs: false });
    expect(plain.capabilities("gpt-5-mini")).toMatchObject({ jsonSchema: false, sources: { jsonSchema: "settings" } });
  });

  test("are there for every default model, its window first of all", () => {
    for (const [name, model] of [
      ["openai", "gpt-5-mini"],
      ["anthropic", "claude-sonnet-4-6"],
      ["gemini", "gemini-3.5-flash"],
      ["bedrock", "global.anthropic.claude-sonnet-4-6"],
    ] as const) {
      expect([name, of(name, model).contextWindow]).toEqual([name, expect.any(Number)]);
      expect(of(name, model)).toMatchObject({ tools: true, images: true, jsonSchema: true, reasoning: true });
    }
  });
});

describe("a request that asks more than the model has", () => {
  let server: WireServer;
  beforeAll(async () => {
    server = await wireServer();
  });
  afterAll(() => server.close());
  const sent = async (name: string, model: string, request: object, fields = {}) => {
    const wire = wireOf(name);
    server.respond(json(200, wire.answer("{}")));
    const provider = providerAt(wire, server.url, {}, fields);
    const { warnings } = await provider.call({ ...hello, ...request }, { model, signal: new AbortController().signal });
    await provider.close();
    const last = server.requests.at(-1);
    return { warnings, maxTokens: last && wire.asked(last).maxTokens, body: JSON.stringify(last?.body) };
  };

  test("is asked for as many tokens as the model writes, with a warning", async () => {
    expect(await sent("openai", "gpt-4o-mini", { maxTokens: 100_000 })).toMatchObject({
      maxTokens: 16_384,
      warnings: ["max tokens: gpt-4o-mini writes at most 16384"],
    });
    expect(await sent("openai", "gpt-4o-mini", { maxTokens: 16_384 })).toMatchObject({
      maxTokens: 16_384,
      warnings: [],
    });
    expect(await sent("my-vllm", "any", { maxTokens: 100_000 })).toMatchObject({ maxTokens: 100_000, warnings: [] });
    const capabilities = { any: { max_output: 2_000 } };
    expect(await sent("my-vllm", "any", { maxTokens: 2_001 }, { capabilities })).toMatchObject({ maxTokens: 2_000 });
  });

  test.each([
    ["anthropic", "claude-3-5-haiku-latest"],
    ["gemini", "gemini-2.0-flash"],
    ["ollama", "llama3.2"],
    ["bedrock", "amazon.nova-lite-v1:0"],
    ["azure-openai", "gpt-4o-mini"],
  ])("of %s: thought is left out of what %s gets, with a warning", async (name, model) => {
    const { warnings, body } = await sent(name, model, { reasoning: "high" });
    expect(warnings).toContain(`reasoning: ${model} has none`);
    expect(body).not.toMatch(/effort|thinking|reasoning/i);
  });

  test("has its schema in the prompt where the model cannot be held to one", async () => {
    const outputSchema = { type: "object", properties: { severity: { type: "string" } } };
    const old = await sent("openai", "gpt-3.5-turbo", { outputSchema });
    expect(old.body).toContain('"response_format":{"type":"json_object"}');
    expect(old.body).toMatch(/JSON Schema.*severity/s);
    const toolless = await sent("bedrock", "meta.llama3-8b-instruct-v1:0", { outputSchema });
    expect(toolless.body).not.toContain("toolConfig");
    expect(toolless.body).toMatch(/JSON Schema.*severity/s);
  });
});

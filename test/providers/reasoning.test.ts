import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hello, providerAt } from "./provider-under-test.ts";
import { vendorWires } from "./vendor-wire.ts";
import { json, type WireServer, wireServer } from "./wire-server.ts";

/** What `reasoning: medium` is on the wire, by provider and generation of models. */
const asked: readonly (readonly [provider: string, model: string, part: string])[] = [
  ["openai", "gpt-5-mini", '"reasoning_effort":"medium"'],
  ["openai", "o3", '"reasoning_effort":"medium"'],
  ["anthropic", "claude-sonnet-4-5", '"thinking":{"type":"enabled","budget_tokens":8192}'],
  ["anthropic", "claude-opus-4-1-20250805", '"budget_tokens":8192'],
  ["anthropic", "claude-sonnet-4-6", '"effort":"medium"'],
  ["anthropic", "claude-opus-5-5", '"effort":"medium"'],
  ["gemini", "gemini-2.5-pro", '"thinkingBudget":8192'],
  ["gemini", "gemini-3.5-flash", '"thinkingLevel":"medium"'],
  ["bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", '"budget_tokens":8192'],
  ["bedrock", "global.anthropic.claude-sonnet-4-6", '"effort":"medium"'],
  ["bedrock", "us.amazon.nova-2-lite-v1:0", '"maxReasoningEffort":"medium"'],
];

describe("a request for thought", () => {
  let server: WireServer;
  beforeAll(async () => {
    server = await wireServer();
  });
  afterAll(() => server.close());
  const bodyOf = async (name: string, model: string, more: object = {}): Promise<string> => {
    const wire = vendorWires.find(({ provider }) => provider === name);
    if (!wire) throw new Error(`no wire of ${name}`);
    server.respond(json(200, wire.answer("{}")));
    const provider = providerAt(wire, server.url);
    const signal = new AbortController().signal;
    await provider.call({ ...hello, reasoning: "medium", ...more }, { model, signal });
    await provider.close();
    return JSON.stringify(server.requests.at(-1)?.body);
  };

  test.each(asked)("to %s %s says %s", async (name, model, part) => {
    expect(await bodyOf(name, model)).toContain(part);
  });

  test("together with a schema forces no tool upon Claude at Bedrock", async () => {
    const outputSchema = { type: "object", properties: { severity: { type: "string" } } };
    const body = await bodyOf("bedrock", "global.anthropic.claude-sonnet-4-6", { outputSchema });
    expect(body).not.toContain("toolChoice");
    expect(body).toMatch(/JSON Schema.*severity/);
    expect(
      await bodyOf("bedrock", "global.anthropic.claude-sonnet-4-6", { outputSchema, reasoning: undefined }),
    ).toContain("toolChoice");
  });
});

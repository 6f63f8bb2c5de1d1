import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningApp, startApp } from "./running-app.ts";

let app: RunningApp;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

/** A model of the `ai` package that goes through Switchyard to a provider. */
function modelAt(provider: string) {
  const switchyard = createOpenAICompatible({
    name: "switchyard",
    baseURL: `${app.url}/v1`,
    headers: { "x-switchyard-provider": provider, "x-switchyard-strict-provider": "true" },
  });
  return switchyard("auto");
}

const prompt = "Say something short about lighthouses.";

describe.each(["openai", "anthropic"])("the ai package, served by %s", (provider) => {
  test("gives the same text whole and streamed", async () => {
    const { text, finishReason, usage } = await generateText({ model: modelAt(provider), prompt, maxRetries: 0 });
    expect(text).toContain(`[simulated ${provider}/`);
    expect(finishReason).toBe("stop");
    expect(usage.outputTokens).toBeGreaterThan(0);
    const streamed = streamText({ model: modelAt(provider), prompt, maxRetries: 0 });
    expect(await streamed.text).toBe(text);
    expect(await streamed.finishReason).toBe("stop");
  });

  test("calls tools and goes on with their results", async () => {
    const called: unknown[] = [];
    const tools = {
      light_of: tool({
        description: "The light of a lighthouse",
        inputSchema: jsonSchema({ type: "object", properties: { name: { type: "string" } }, required: ["name"] }),
        execute: async (input) => {
          called.push(input);
          return { period: "15 s" };
        },
      }),
    };
    const { text, steps } = await generateText({ model: modelAt(provider), prompt, tools, stopWhen: stepCountIs(3) });
    expect(called).toEqual([{ name: expect.any(String) }]);
    expect(steps).toHaveLength(2);
    expect(text).not.toBe("");
  });
});

test("a stream that is cut midway is an error", async () => {
  await app.simulator.down("openai", { kind: "cut", afterBytes: 900 });
  const errors: unknown[] = [];
  const streamed = streamText({
    model: modelAt("openai"),
    prompt,
    maxRetries: 0,
    onError: ({ error }) => void errors.push(error),
  });
  const parts: string[] = [];
  for await (const part of streamed.fullStream) parts.push(part.type);
  expect(parts).toContain("text-delta");
  expect(errors).not.toEqual([]);
});

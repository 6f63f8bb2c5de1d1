import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Provider } from "../../src/providers/provider.ts";
import type { LlmRequest } from "../../src/providers/request.ts";
import { hello, providerAt } from "./provider-under-test.ts";
import { vendorWires } from "./vendor-wire.ts";
import { json, type WireRequest, type WireServer, wireServer } from "./wire-server.ts";

const call = { id: "call_1", name: "look_up", arguments: { city: "Ulm" } };
const tools: LlmRequest["tools"] = [
  {
    name: "look_up",
    description: "Looks a city up.",
    inputSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
];

describe.each(vendorWires)("a conversation with $name", (wire) => {
  let server: WireServer;
  let provider: Provider;
  const options = { model: wire.model, signal: new AbortController().signal };
  beforeAll(async () => {
    server = await wireServer();
    provider = providerAt(wire, server.url);
  });
  afterAll(async () => {
    await provider.close();
    await server.close();
  });
  const lastRequest = (): WireRequest => {
    const request = server.requests.at(-1);
    if (!request) throw new Error("the server was not asked");
    return request;
  };

  test("forces one tool, or none", async () => {
    server.respond(json(200, wire.toolAnswer(call)));
    const two: LlmRequest["tools"] = [...(tools ?? []), { name: "other", inputSchema: { type: "object" } }];
    await provider.call({ ...hello, tools: two, toolChoice: { tool: "look_up" } }, options);
    const choice = JSON.stringify([
      lastRequest().body.tool_choice,
      lastRequest().body.toolConfig,
      (lastRequest().body.toolConfig as { readonly functionCallingConfig?: unknown } | undefined)
        ?.functionCallingConfig,
    ]);
    expect(choice).toContain("look_up");
  });

  test("asks for as much thought as the request wants, or warns", async () => {
    server.respond(json(200, wire.answer("ok")));
    const { warnings } = await provider.call({ ...hello, reasoning: "low" }, options);
    const sent = JSON.stringify(lastRequest().body);
    const asked = /"reasoning_effort":"low"|"effort":"low"|"thinkingBudget":2048|"maxReasoningEffort":"low"/;
    const isThinker = provider.capabilities(wire.model).reasoning !== false;
    expect([asked.test(sent), warnings]).toEqual(
      isThinker ? [true, []] : [false, [`reasoning: ${wire.model} has none`]],
    );
  });
});

describe.each(vendorWires.filter((wire) => wire.thoughtAnswer))("what $name thinks", (wire) => {
  let server: WireServer;
  let provider: Provider;
  const options = { model: wire.model, signal: new AbortController().signal };
  beforeAll(async () => {
    server = await wireServer();
    provider = providerAt(wire, server.url);
  });
  afterAll(async () => {
    await provider.close();
    await server.close();
  });

  test("is kept apart from what it says; the vendor gets its seal back, another vendor never does", async () => {
    server.respond(json(200, wire.thoughtAnswer?.("First, rivers.", "The Danube.")));
    const { text, reasoning } = await provider.call({ ...hello, reasoning: "low" }, options);
    expect(text).toBe("The Danube.");
    expect(reasoning.map((thought) => thought.text)).toEqual(["First, rivers."]);
    const goOn = async (thoughts: typeof reasoning): Promise<string> => {
      const messages: LlmRequest["messages"] = [
        ...hello.messages,
        { role: "assistant", content: text, reasoning: thoughts },
        { role: "user", content: "And then?" },
      ];
      server.respond(json(200, wire.answer("The sea.")));
      await provider.call({ ...hello, reasoning: "low", messages }, options);
      return JSON.stringify(server.requests.at(-1)?.body);
    };
    if (wire.seal) expect(await goOn(reasoning)).toContain(wire.seal);
    const data = { anthropic: { signature: "c2VhbGVk" }, bedrock: { signature: "c2VhbGVk" } };
    expect(await goOn([{ text: "First, rivers.", vendor: { type: "another", data } }])).not.toMatch(/rivers|c2VhbGVk/);
  });
});

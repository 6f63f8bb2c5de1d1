import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LlmRequest } from "../../src/providers/request.ts";
import { failureOf, hello, providerAt } from "./provider-under-test.ts";
import { json, type WireServer, wireServer } from "./wire-server.ts";
import { azureWire } from "./wires/chat-completions.ts";
import { responsesWire } from "./wires/responses.ts";
import { sse } from "./wires/wire.ts";

const signal = new AbortController().signal;
let server: WireServer;
beforeAll(async () => {
  server = await wireServer();
});
afterAll(() => server.close());
const body = () => server.requests.at(-1)?.body ?? {};

describe("OpenAI's responses", () => {
  test("are asked to store nothing, and for thoughts that come sealed and go back whole", async () => {
    const provider = providerAt(responsesWire, server.url);
    const call = { id: "call_1", name: "look_up", arguments: { city: "Ulm" } };
    server.respond(json(200, responsesWire.toolAnswer(call)));
    const request: LlmRequest = {
      ...hello,
      reasoning: "high",
      tools: [{ name: "look_up", inputSchema: { type: "object" } }],
    };
    const first = await provider.call(request, { model: "gpt-5-mini", signal });
    expect(body()).toMatchObject({
      store: false,
      include: ["reasoning.encrypted_content"],
      reasoning: { effort: "high" },
    });
    expect(first).toMatchObject({ finishReason: "tool-calls", toolCalls: [{ id: "call_1", name: "look_up" }] });
    server.respond(json(200, responsesWire.answer("On the Danube.")));
    const { text: content, toolCalls, reasoning } = first;
    const result = { role: "tool", callId: "call_1", name: "look_up", content: "on the Danube" } as const;
    const messages = [...hello.messages, { role: "assistant" as const, content, toolCalls, reasoning }, result];
    await provider.call({ ...request, messages }, { model: "gpt-5-mini", signal });
    const input = body().input as readonly Record<string, unknown>[];
    expect(input.slice(2)).toMatchObject([
      { type: "reasoning", encrypted_content: "c2VhbGVk" },
      { type: "function_call", call_id: "call_1", arguments: '{"city":"Ulm"}' },
      { type: "function_call_output", call_id: "call_1", output: "on the Danube" },
    ]);
    expect(body()).not.toHaveProperty("previous_response_id");
    await provider.close();
  });

  test("count reasoning tokens, and their cost is the chat's", async () => {
    const [wires, chat] = [providerAt(responsesWire, server.url), { ...responsesWire.configure(server.url, "k").env }];
    expect(chat.OPENAI_API).toBe("responses");
    server.respond(json(200, responsesWire.answer("ok")));
    const { usage } = await wires.call(hello, { model: "gpt-4.1-mini", signal });
    expect(usage).toEqual({ inputTokens: 19, outputTokens: 10, cachedInputTokens: 4, reasoningTokens: 3 });
    expect(wires.costUsd("gpt-4.1-mini", usage)).toBeCloseTo((15 * 0.4 + 4 * 0.1 + 10 * 1.6) / 1e6, 12);
    await wires.close();
  });

  test.each([
    [
      "an error beside no output",
      { ...(responsesWire.answer("") as object), output: [], error: { code: "server_error", message: "It broke." } },
    ],
    ["a status that says it failed", { ...(responsesWire.answer("Half an") as object), status: "failed" }],
    ["an answer that is still being made", { ...(responsesWire.answer("Half an") as object), status: "in_progress" }],
    ["a cancelled answer", { ...(responsesWire.answer("Half an") as object), status: "cancelled" }],
  ])("with 200 and %s are malformed", async (_, answer) => {
    const provider = providerAt(responsesWire, server.url);
    server.respond(json(200, answer));
    expect(await failureOf(provider, "gpt-4.1-mini")).toMatchObject({ class: "malformed", httpStatus: 200 });
    await provider.close();
  });

  test.each([
    [
      "response.failed",
      { response: { id: "r", status: "failed", error: { code: "server_error", message: "It broke." } } },
    ],
    ["error", { code: "server_error", message: "It broke.", param: null }],
  ])("whose stream ends with %s are malformed, and say why", async (type, event) => {
    const provider = providerAt(responsesWire, server.url);
    const { chunks, contentType } = responsesWire.stream(["Hel", "lo"]);
    server.respond((response) => {
      response.writeHead(200, { "content-type": contentType });
      for (const chunk of chunks.slice(0, 5)) response.write(chunk);
      response.end(Buffer.concat(sse([[type, { type, sequence_number: 9, ...event }]])));
    });
    const heard: string[] = [];
    const answer = provider.call(hello, { model: "gpt-4.1-mini", signal, onDelta: (text) => heard.push(text) });
    await expect(answer).rejects.toMatchObject({
      class: "malformed",
      httpStatus: 200,
      message: expect.stringContaining("It broke."),
    });
    expect(heard).toEqual(["Hel"]);
    await provider.close();
  });

  test("of Azure are asked for under /openai/v1, by deployment, whatever the deployment is called", async () => {
    const provider = providerAt(azureWire, server.url, { AZURE_OPENAI_API: "responses" });
    server.respond(json(200, responsesWire.thoughtAnswer?.("First, rivers.", "The Danube.")));
    const first = await provider.call({ ...hello, reasoning: "low" }, { model: "our-thinker", signal });
    expect(server.requests.at(-1)?.path).toBe("/openai/v1/responses");
    expect(body()).toMatchObject({ model: "our-thinker", store: false, reasoning: { effort: "low" } });
    expect(first.reasoning.map(({ text }) => text)).toEqual(["First, rivers."]);
    const { text: content, reasoning } = first;
    const messages = [...hello.messages, { role: "assistant" as const, content, reasoning }, ...hello.messages];
    await provider.call({ ...hello, messages }, { model: "our-thinker", signal });
    expect(JSON.stringify(body())).toContain("c2VhbGVk");
    await provider.close();
  });
});

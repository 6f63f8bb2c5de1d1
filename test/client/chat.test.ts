import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AppError, type ChatPiece } from "../../src/client/client.ts";
import { type RunningApp, startApp } from "../server/running-app.ts";
import { eventually } from "../support/eventually.ts";

let app: RunningApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());
afterEach(async () => {
  for (const { name } of app.simulator.providers) await app.simulator.up(name);
  app.simulator.clearHits();
  await Promise.all(["openai", "anthropic", "ollama"].map((name) => app.client.routing.reset(name)));
});

const messages = [{ role: "user", content: "Say something short about ferries." }] as const;
const tools = [
  {
    type: "function",
    function: {
      name: "get_weather",
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    },
  },
];

async function all(stream: AsyncIterable<ChatPiece>): Promise<ChatPiece[]> {
  const pieces: ChatPiece[] = [];
  for await (const piece of stream) pieces.push(piece);
  return pieces;
}

const textOf = (pieces: readonly ChatPiece[]) =>
  pieces.map((piece) => (piece.type === "text" ? piece.text : "")).join("");

describe("chat", () => {
  test("gives the answer with who served it, usage, cost and every call", async () => {
    await app.simulator.down("openai", { kind: "status", status: 503 });
    const answer = await app.client.chat({ messages });
    expect(answer.text.length).toBeGreaterThan(5);
    expect(answer).toMatchObject({
      finishReason: "stop",
      served: { provider: "anthropic" },
      calls: expect.arrayContaining([
        expect.objectContaining({ provider: "openai", ok: false, failure: expect.objectContaining({ status: 503 }) }),
        expect.objectContaining({ provider: "anthropic", ok: true }),
      ]),
      message: { role: "assistant", content: answer.text },
    });
    expect(answer.usage.outputTokens).toBeGreaterThan(0);
    expect(answer.costUsd).toBeGreaterThan(0);
  });

  test.each(["openai", "anthropic"])(
    "streams the same of %s piece by piece, and all of it at the end",
    async (provider) => {
      const pieces = await all(app.client.chatStream({ messages, hints: { provider } }));
      const end = pieces.at(-1);
      if (end?.type !== "end") throw new Error("The stream has no end.");
      expect(pieces.filter(({ type }) => type === "text").length).toBeGreaterThan(1);
      expect(textOf(pieces)).toBe(end.answer.text);
      expect(end.answer).toMatchObject({ served: { provider }, finishReason: "stop", calls: [{ ok: true }] });
      expect(end.answer.usage.outputTokens).toBeGreaterThan(0);
      expect(end.answer.costUsd).toBeGreaterThan(0);
    },
  );

  test("a preferred provider may be replaced, a pinned one not", async () => {
    await app.simulator.down("openai", { kind: "status", status: 503 });
    const preferred = await app.client.chat({ messages, hints: { provider: "openai" } });
    expect(preferred.served.provider).toBe("anthropic");
    const pinned = app.client.chat({ messages, hints: { provider: "openai", strict_provider: true } });
    await expect(pinned).rejects.toBeInstanceOf(AppError);
    await expect(pinned).rejects.toMatchObject({ code: expect.stringMatching(/^provider_/) });
    const streamed = all(app.client.chatStream({ messages, hints: { provider: "openai", strict_provider: true } }));
    await expect(streamed).rejects.toMatchObject({ code: expect.stringMatching(/^provider_/) });
  });

  test.each(["openai", "anthropic"])(
    "tools of %s are asked for, whole and streamed, and their results go back",
    async (provider) => {
      const question = [{ role: "user", content: "What is the weather in Bergen? Use the tool get_weather." }] as const;
      const request = { messages: question, tools, tool_choice: "required", hints: { provider } };
      const whole = await app.client.chat(request);
      const [call] = whole.toolCalls;
      expect(call).toMatchObject({ name: "get_weather" });
      expect(JSON.parse(call?.arguments ?? "")).toHaveProperty("city");
      const pieces = await all(app.client.chatStream(request));
      const end = pieces.at(-1);
      if (end?.type !== "end") throw new Error("The stream has no end.");
      expect(end.answer.toolCalls).toMatchObject([{ name: "get_weather", arguments: call?.arguments }]);
      const told = pieces.map((piece) => (piece.type === "arguments" ? piece.text : "")).join("");
      expect(told).toBe(call?.arguments);
      const result = { role: "tool", tool_call_id: end.answer.toolCalls[0]?.id ?? "", content: "Rain." } as const;
      const last = await app.client.chat({
        messages: [...question, end.answer.message, result],
        tools,
        hints: { provider },
      });
      expect(last.text.length).toBeGreaterThan(0);
    },
  );

  test("a request with mistakes is refused with the place of each, and the code of this program", async () => {
    const wrong = app.client.chat({ messages: [], temperature: 9 });
    await expect(wrong).rejects.toMatchObject({ code: "bad_request", status: 400 });
    await expect(app.client.chat({ messages, hints: { provider: "opnai" } })).rejects.toMatchObject({
      code: "unknown_provider",
      message: expect.stringContaining("openai"),
    });
  });

  test("the signal ends it, and the provider's call with it", async () => {
    await app.simulator.down("openai", { kind: "hold" });
    const end = new AbortController();
    const asked = app.client.chat({ messages }, { signal: end.signal });
    const streamed = all(app.client.chatStream({ messages }, { signal: end.signal }));
    await eventually(() => expect(app.simulator.hits("openai").length).toBe(2));
    end.abort();
    await expect(asked).rejects.toMatchObject({ code: "cancelled" });
    await expect(streamed).rejects.toMatchObject({ code: "cancelled" });
    await eventually(() => {
      expect(app.simulator.hits("openai").map(({ outcome }) => outcome)).toEqual(["aborted", "aborted"]);
    });
  });

  test("the idempotency key goes with the call", async () => {
    await app.client.chat({ messages }, { idempotencyKey: "letter-7" });
    const [hit] = app.simulator.hits("openai");
    expect(hit?.idempotencyKey).toContain("letter-7");
  });
});

describe("what else is asked of models", () => {
  test("embeddings come in the order of their texts", async () => {
    const { vectors, served, usage } = await app.client.embed({ model: "text-embedding-3-small", input: ["a", "b"] });
    expect(vectors).toHaveLength(2);
    expect(vectors[0]?.length).toBeGreaterThan(1);
    expect(served.provider).toBe("openai");
    expect(usage.inputTokens).toBeGreaterThan(0);
  });

  test("models and providers are listed, shown and tried", async () => {
    expect(await app.client.models()).toContainEqual({
      id: "auto",
      alias: true,
      providers: ["anthropic", "ollama", "openai"],
    });
    expect(await app.client.model("fast")).toMatchObject({ alias: true });
    expect(await app.client.provider("openai")).toMatchObject({ provider: "openai", state: "closed" });
    expect(await app.client.testProvider("openai")).toMatchObject({ result: "up", provider: { provider: "openai" } });
  });

  test("gateway mode: ask before a call of one's own, report after it, once", async () => {
    const checked = await app.client.gateway.preCheck({ provider: "anthropic", tokens: 900, maxTokens: 300 });
    expect(checked).toMatchObject({ approved: true, target: { provider: "anthropic" } });
    expect(checked.expiresAt).toBeGreaterThan(Date.now());
    const report = { contextId: checked.contextId, usage: { inputTokens: 912, outputTokens: 240 }, latencyMs: 2_100 };
    const first = await app.client.gateway.audit(report);
    expect(first).toMatchObject({ counted: true, provider: "anthropic" });
    expect(first.costUsd).toBeGreaterThan(0);
    expect(await app.client.gateway.audit(report)).toEqual({ ...first, counted: false });
  });
});

import { describe, expect, test } from "vitest";
import type { LlmRequest } from "../../src/providers/provider.ts";
import type { AnswerPart, WireRequest } from "../../src/providers/wire.ts";
import { json } from "../providers/wire-server.ts";
import { eventually } from "../support/eventually.ts";
import { openStream, streamed } from "./streamed.ts";
import { wired } from "./wired.ts";

const w = wired();

const wire: WireRequest = {
  format: "openai-chat",
  body: { model: "auto", messages: [{ role: "user", content: "hi" }], made_up: { kept: [1] } },
};
const request: LlmRequest = { messages: [{ role: "user", content: "hi" }], wire };

/** Asks and listens. */
function ask(hints = {}, sent: LlmRequest = request) {
  const parts: AnswerPart[] = [];
  const { router } = w.start();
  const outcome = router.call(sent, {
    hints,
    signal: new AbortController().signal,
    idempotencyKey: "request",
    deadline: w.clock() + 60_000,
    onPart: (part) => void parts.push(part),
  });
  return { outcome, parts };
}

const eventsIn = (parts: readonly AnswerPart[]) =>
  parts.flatMap((part) => (part.type === "wire" ? [part.event.data] : []));

describe("a request in a provider's own format", () => {
  test("is sent as it came but for the model, and its answer is handed back as it came", async () => {
    const body = {
      id: "x",
      choices: [{ index: 0, message: { content: "hello", odd: 1 }, finish_reason: "stop" }],
      usage: { prompt_tokens: 3, completion_tokens: 2 },
      odd: [1.0],
    };
    w.vendors.servers.openai.respond(json(200, body));
    const { router } = w.start();
    const outcome = await router.call(request, {
      hints: {},
      signal: new AbortController().signal,
      idempotencyKey: "request",
      deadline: w.clock() + 60_000,
    });
    if (outcome.type !== "answered") throw new Error(outcome.error.message);
    expect(w.vendors.servers.openai.requests[0]?.body).toEqual({ ...wire.body, model: "gpt-4.1-mini" });
    expect(w.vendors.servers.openai.requests[0]?.headers.authorization).toBe("Bearer openai-secret-key");
    expect(outcome.answer.wire).toEqual({ type: "whole", text: JSON.stringify(body) });
    expect(outcome.served.usage).toMatchObject({ inputTokens: 3, outputTokens: 2 });
  });

  test("is asked for its usage when streamed; the client gets what it asked for, in order, and the end with the answer", async () => {
    w.vendors.servers.openai.respond(streamed("openai", ["one", " two"]));
    const { outcome, parts } = ask();
    const result = await outcome;
    if (result.type !== "answered") throw new Error(result.error.message);
    expect(w.vendors.servers.openai.requests[0]?.body).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
    });
    const events = eventsIn(parts);
    expect(events).toHaveLength(3);
    expect(events[0]).toContain('"role":"assistant"');
    expect(events[2]).toContain('" two"');
    const { wire: left, text } = result.answer;
    expect(text).toBe("one two");
    expect(left?.type === "streamed" ? left.rest.map(({ data }) => data) : []).toEqual([
      expect.stringContaining('"finish_reason":"stop"'),
      "[DONE]",
    ]);
    expect(result.served.usage).toMatchObject({ inputTokens: 19, outputTokens: 10 });
  });

  test("is translated for a provider that does not speak it, and told in the same order", async () => {
    const { outcome, parts } = ask({ provider: "anthropic" });
    expect(await outcome).toMatchObject({ type: "answered", served: { provider: "anthropic" } });
    expect(parts.map((part) => (part.type === "text" ? part.text : part.type)).join("")).toBe("anthropic answers");
  });

  test("that has no translation goes to nobody else", async () => {
    w.vendors.fail("openai", 503);
    w.vendors.fail("ollama", 503);
    const { outcome } = ask({}, { ...request, wire: { ...wire, untranslated: ["audio"] } });
    const result = await outcome;
    expect(result.type).not.toBe("answered");
    expect(w.vendors.hits("anthropic")).toBe(0);
    expect(result.decision?.candidates).toContainEqual(
      expect.objectContaining({ provider: "anthropic", excluded: expect.stringContaining("no translation of audio") }),
    );
  });
});

describe("an answer that breaks off", () => {
  test("before its first part goes on elsewhere, and nothing of it is told", async () => {
    w.vendors.servers.openai.respond((response) => {
      openStream("openai", response);
      setImmediate(() => response.destroy());
    });
    const { outcome, parts } = ask();
    expect(await outcome).toMatchObject({ type: "answered", served: { provider: "anthropic" } });
    expect(parts.every(({ type }) => type === "text")).toBe(true);
  });

  test.each(["openai", "anthropic"] as const)(
    "after its first part is a failure with its class, and nobody else is called (%s)",
    async (provider) => {
      const begun: { close(): void }[] = [];
      w.vendors.servers[provider].respond((response) => {
        openStream(provider, response).piece("one");
        begun.push({ close: () => response.destroy() });
      });
      const { outcome, parts } = ask({ provider });
      await eventually(() => expect(parts.length).toBeGreaterThan(0));
      begun[0]?.close();
      const result = await outcome;
      expect(result).toMatchObject({
        type: "failed",
        error: { code: "provider_failed", message: expect.stringContaining("broke off") },
      });
      expect(result.calls).toMatchObject([
        { provider, ok: false, failure: { class: expect.stringMatching(/network|malformed/) } },
      ]);
    },
  );

  test("without its finish reason is no answer, although the connection ended in order", async () => {
    w.vendors.servers.openai.respond((response) => {
      openStream("openai", response).piece("one");
      response.end();
    });
    const result = await ask().outcome;
    expect(result).toMatchObject({ type: "failed" });
    expect(result.calls).toMatchObject([{ failure: { class: "malformed" } }]);
  });
});

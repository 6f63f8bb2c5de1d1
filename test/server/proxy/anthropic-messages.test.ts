import Anthropic from "@anthropic-ai/sdk";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "../../../src/core/errors.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { anthropicMessages } from "../../../src/server/proxy/anthropic-messages.ts";
import { askOf, asResponse, type Streamed, served, streamed } from "./answers.ts";

const { read, write, stream, error } = anthropicMessages;
const head = { id: "1", at: 0, served };
const hello = { role: "user", content: "Hi" } as const;

/** A message as Anthropic's own package puts it together from our events. */
async function reassembled({ answer, parts }: Streamed, ask = askOf({ reasoning: "low" })): Promise<unknown> {
  const writing = stream(ask, head);
  const events = [...parts.flatMap((part) => writing.part(part, served.modelServed)), ...writing.end(answer, served)];
  const client = new Anthropic({
    apiKey: "x",
    baseURL: "http://switchyard.test",
    fetch: async () => asResponse(events),
  });
  return client.messages.stream({ model: "m", max_tokens: 1, messages: [hello] }).finalMessage();
}

describe("a message that is written", () => {
  test("is the same whole and put together from its stream by Anthropic's own package", async () => {
    await fc.assert(
      fc.asyncProperty(streamed, async (given) => {
        const whole = write(given.answer, head, askOf({ reasoning: "low" }));
        expect(await reassembled(given)).toMatchObject(whole);
      }),
      { numRuns: 40 },
    );
  });

  test("shows no thought to a client that has not asked for thought", async () => {
    await fc.assert(
      fc.asyncProperty(streamed, async (given) => {
        const { content } = write(given.answer, head, askOf()) as unknown as { content: readonly JsonObject[] };
        expect(content.some(({ type }) => type === "thinking")).toBe(false);
        expect(await reassembled(given, askOf())).toMatchObject({ content });
      }),
      { numRuns: 30 },
    );
  });

  test("comes back as what the model said, with its sealed notes, and goes to Anthropic without them", () => {
    fc.assert(
      fc.property(streamed, ({ answer }) => {
        const { content } = write(answer, head, askOf({ reasoning: "low" }));
        const results = answer.toolCalls.map(({ id }) => ({ type: "tool_result", tool_use_id: id, content: "done" }));
        const next = results.length > 0 ? { role: "user", content: results } : hello;
        const messages = [hello, { role: "assistant", content }, next];
        const ask = read({ model: "m", max_tokens: 5, messages } as JsonObject);
        const { text, toolCalls, reasoning } = answer;
        const hasNotes = [...toolCalls, ...reasoning].some(({ vendor }) => vendor);
        const said = ask.request.messages[1];
        expect(said).toEqual({
          role: "assistant",
          content: text,
          ...(toolCalls.length > 0 ? { toolCalls } : {}),
          ...(hasNotes && reasoning.length > 0 ? { reasoning } : {}),
        });
        const sent = ((ask.body ?? { messages }).messages as typeof messages)[1]?.content as readonly JsonObject[];
        expect(sent.every(({ type }) => type === "text" || type === "tool_use")).toBe(true);
      }),
    );
  });

  test("tells what was cached apart from the rest of the input", () => {
    const { answer } = answerOf("Hello");
    expect(write(answer, head, askOf()).usage).toEqual({
      input_tokens: 10,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 2,
      output_tokens: 7,
    });
  });
});

describe("a message that is read", () => {
  test("becomes a request in no vendor's words", () => {
    const ask = read({
      model: "fast",
      max_tokens: 64,
      stream: true,
      system: [
        { type: "text", text: "Be brief." },
        { type: "text", text: "Be kind." },
      ],
      temperature: 0.5,
      top_p: 0.9,
      top_k: 3,
      stop_sequences: ["END"],
      thinking: { type: "enabled", budget_tokens: 10_000 },
      tools: [{ name: "weather", description: "Tells it.", input_schema: { type: "object" } }],
      tool_choice: { type: "any" },
      messages: [
        {
          role: "user",
          content: [
            { type: "image", source: { type: "base64", media_type: "image/png", data: "QUJD" } },
            { type: "text", text: "Where is this?" },
          ],
        },
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "Hm.", signature: "sig" },
            { type: "text", text: "Let me see." },
            { type: "tool_use", id: "t1", name: "weather", input: { city: "Bonn" } },
          ],
        },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "t1", is_error: true, content: [{ type: "text", text: "no" }] },
            { type: "text", text: "Try again." },
          ],
        },
      ],
    });
    expect(ask).toEqual({
      model: "fast",
      stream: true,
      leftOut: ["top_k"],
      request: {
        system: "Be brief.\n\nBe kind.",
        maxTokens: 64,
        temperature: 0.5,
        topP: 0.9,
        stop: ["END"],
        reasoning: "medium",
        tools: [{ name: "weather", description: "Tells it.", inputSchema: { type: "object" } }],
        toolChoice: "required",
        messages: [
          { role: "user", content: "Where is this?", images: [{ mediaType: "image/png", base64: "QUJD" }] },
          {
            role: "assistant",
            content: "Let me see.",
            toolCalls: [{ id: "t1", name: "weather", arguments: '{"city":"Bonn"}' }],
            reasoning: [{ text: "Hm.", vendor: { type: "anthropic", data: { anthropic: { signature: "sig" } } } }],
          },
          { role: "tool", callId: "t1", name: "weather", content: "no", failed: true },
          { role: "user", content: "Try again." },
        ],
      },
    });
  });

  test("says what only Anthropic can serve", () => {
    const document = { type: "document", source: { type: "text", media_type: "text/plain", data: "x" } };
    const ask = read({
      max_tokens: 5,
      tools: [{ type: "web_search_20250305", name: "web_search" }],
      messages: [{ role: "user", content: [document, { type: "image", source: { type: "url", url: "https://a/b" } }] }],
    });
    expect(ask.untranslated).toEqual(["document blocks", "images by URL", "the tool web_search_20250305"]);
  });

  test("is refused with everything that is wrong", () => {
    const bad = {
      messages: [
        { role: "system", content: "x" },
        { role: "user", content: [{ type: "text" }] },
      ],
      tool_choice: { type: "tool" },
    };
    expect(() => read(bad)).toThrow(
      /messages\.0\.role: must be one of user, assistant.*messages\.1\.content\.0\.text: is missing.*max_tokens: is missing/,
    );
    const lost = [{ role: "user", content: [{ type: "tool_result", tool_use_id: "t9", content: "x" }] }];
    expect(() => read({ max_tokens: 1, messages: lost })).toThrow(
      "messages.0.content.0.tool_use_id: t9 is the id of no tool_use before it.",
    );
  });
});

test("errors have the types and statuses by which Anthropic's clients choose what to throw", () => {
  const told = (code: ConstructorParameters<typeof AppError>[0]) => {
    const { status, body } = error(new AppError(code));
    return [status, (body.error as JsonObject).type];
  };
  expect(told("bad_request")).toEqual([400, "invalid_request_error"]);
  expect(told("provider_rejected")).toEqual([400, "invalid_request_error"]);
  expect(told("payload_too_large")).toEqual([413, "request_too_large"]);
  expect(told("provider_failed")).toEqual([502, "api_error"]);
  expect(told("provider_unavailable")).toEqual([529, "overloaded_error"]);
});

function answerOf(text: string): Streamed {
  const [given] = fc.sample(streamed, { numRuns: 1, seed: 1 });
  if (!given) throw new Error("nothing was drawn");
  return { parts: [{ type: "text", text }], answer: { ...given.answer, text, toolCalls: [], reasoning: [] } };
}

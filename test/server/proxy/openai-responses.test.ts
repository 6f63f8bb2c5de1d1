import fc from "fast-check";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { AppError } from "../../../src/core/errors.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { openaiResponses } from "../../../src/server/proxy/openai-responses.ts";
import { askOf, asResponse, type Streamed, served, streamed } from "./answers.ts";

const { read, write, stream, error } = openaiResponses;
const head = { id: "1", at: 1_700_000_000_000, served };

/** A response as OpenAI's own package puts it together from our events. */
async function reassembled({ answer, parts }: Streamed, ask = askOf({ reasoning: "low" })) {
  const writing = stream(ask, head);
  const events = [...parts.flatMap((part) => writing.part(part, served.modelServed)), ...writing.end(answer, served)];
  const client = new OpenAI({ apiKey: "x", baseURL: "http://switchyard.test", fetch: async () => asResponse(events) });
  const reading = client.responses.stream({ model: "m", input: "Hi" });
  let deltas = "";
  reading.on("response.output_text.delta", ({ delta }) => {
    deltas += delta;
  });
  const final = await reading.finalResponse();
  const numbers = events.map(({ data }) => (JSON.parse(data) as { sequence_number: number }).sequence_number);
  return { final, deltas, numbers };
}

describe("a response that is written", () => {
  test("is the same whole and put together from its stream by OpenAI's own package", async () => {
    await fc.assert(
      fc.asyncProperty(streamed, async (given) => {
        const { tools: _, ...whole } = write(given.answer, head, askOf({ reasoning: "low" }));
        const { final, deltas, numbers } = await reassembled(given);
        expect(final).toMatchObject(whole);
        expect(deltas).toBe(given.answer.text);
        expect(numbers).toEqual(numbers.map((_, i) => i));
      }),
      { numRuns: 40 },
    );
  });

  test("shows no thought to a client that has not asked for thought", () => {
    fc.assert(
      fc.property(streamed, ({ answer }) => {
        const { output } = write(answer, head, askOf()) as unknown as { output: readonly JsonObject[] };
        const thoughts = output.filter(({ type }) => type === "reasoning");
        expect(thoughts.every(({ summary }) => Array.isArray(summary) && summary.length === 0)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test("comes back as what the model said, with its sealed notes, and goes to OpenAI without them", () => {
    fc.assert(
      fc.property(streamed, ({ answer }) => {
        const { text, toolCalls, reasoning } = answer;
        fc.pre(text !== "" || toolCalls.length > 0);
        const { output } = write(answer, head, askOf({ reasoning: "low" })) as unknown as { output: JsonObject[] };
        const results = toolCalls.map(({ id }) => ({ type: "function_call_output", call_id: id, output: "done" }));
        const input = [{ role: "user", content: "Hi" }, ...output, ...results];
        const ask = read({ model: "m", input } as unknown as JsonObject);
        const hasNotes = [...toolCalls, ...reasoning].some(({ vendor }) => vendor);
        expect(ask.request.messages[1]).toEqual({
          role: "assistant",
          content: text,
          ...(toolCalls.length > 0 ? { toolCalls } : {}),
          ...(hasNotes && reasoning.length > 0 ? { reasoning } : {}),
        });
        const sent = JSON.stringify(ask.body);
        expect(sent).not.toContain("switchyard");
        expect(sent).not.toContain('"reasoning"');
      }),
    );
  });
});

describe("a response that is asked for", () => {
  test("becomes a request in no vendor's words", () => {
    const ask = read({
      model: "fast",
      stream: true,
      instructions: "Be brief.",
      max_output_tokens: 64,
      temperature: 1.5,
      reasoning: { effort: "minimal" },
      text: { format: { type: "json_schema", name: "a", schema: { type: "object" } } },
      tools: [{ type: "function", name: "weather", parameters: { type: "object" }, strict: true }],
      tool_choice: { type: "function", name: "weather" },
      input: [
        { role: "developer", content: "Be kind." },
        {
          role: "user",
          content: [
            { type: "input_text", text: "Where?" },
            { type: "input_image", image_url: "data:image/png;base64,QUJD" },
          ],
        },
        { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Hm." }], encrypted_content: "e" },
        { type: "function_call", call_id: "c1", name: "weather", arguments: "{}" },
        { type: "function_call_output", call_id: "c1", output: "rain" },
      ],
    });
    const data = { openai: { itemId: "rs_1", reasoningEncryptedContent: "e" } };
    expect(ask).toEqual({
      model: "fast",
      stream: true,
      request: {
        system: "Be brief.\n\nBe kind.",
        maxTokens: 64,
        temperature: 1.5,
        reasoning: "low",
        outputSchema: { type: "object" },
        tools: [{ name: "weather", inputSchema: { type: "object" } }],
        toolChoice: { tool: "weather" },
        messages: [
          { role: "user", content: "Where?", images: [{ mediaType: "image/png", base64: "QUJD" }] },
          {
            role: "assistant",
            content: "",
            reasoning: [{ text: "Hm.", vendor: { type: "openai", data } }],
            toolCalls: [{ id: "c1", name: "weather", arguments: "{}" }],
          },
          { role: "tool", callId: "c1", name: "weather", content: "rain" },
        ],
      },
    });
  });

  test("says what only OpenAI can serve", () => {
    const ask = read({
      input: [
        { role: "user", content: [{ type: "input_file", file_id: "f" }] },
        { type: "item_reference", id: "msg_1" },
      ],
      tools: [{ type: "web_search" }],
      previous_response_id: "resp_1",
    });
    expect(ask.untranslated).toEqual([
      "previous_response_id",
      "input_file parts",
      "item_reference items",
      "the tool web_search",
    ]);
  });

  test("is refused where it rests on what nobody keeps, with everything else that is wrong", () => {
    expect(() => read({ input: "x", background: true, previous_response_id: "resp_switchyard_1" })).toThrow(
      /background: is not supported.*previous_response_id: is an answer that nobody keeps/,
    );
    const lost = [{ type: "function_call_output", call_id: "c9", output: "x" }];
    expect(() => read({ input: lost })).toThrow("input.0.call_id: c9 is the id of no function_call before it.");
    expect(() => read({ input: [{ role: "robot", content: "x" }] })).toThrow("input.0.role: must be one of");
    expect(() => read({})).toThrow("input: is missing");
  });
});

test("a stream that breaks is an error to OpenAI's own package", async () => {
  const writing = stream(askOf(), head);
  const broken = writing.broken(new AppError("provider_failed", { message: "It broke." }));
  const events = [...writing.part({ type: "text", text: "Hel" }, "m"), ...broken];
  const client = new OpenAI({ apiKey: "x", baseURL: "http://switchyard.test", fetch: async () => asResponse(events) });
  await expect(client.responses.stream({ model: "m", input: "Hi" }).finalResponse()).rejects.toThrow("It broke.");
  expect(error(new AppError("provider_rejected")).status).toBe(400);
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { partsOf } from "../../src/providers/parts.ts";
import { openaiChat as passage } from "../../src/providers/passing/openai-chat.ts";
import type { LlmAnswer } from "../../src/providers/provider.ts";
import { takeHints } from "../../src/server/proxy/hints.ts";
import { openaiChat } from "../../src/server/proxy/openai-chat.ts";
import { spliced } from "../../src/server/proxy/summary.ts";

const text = fc.string({ unit: "grapheme" });
const answer: fc.Arbitrary<LlmAnswer> = fc.record({
  text,
  toolCalls: fc.array(fc.record({ id: text, name: text, arguments: fc.json() }), { maxLength: 3 }),
  reasoning: fc.constant([]),
  finishReason: fc.constantFrom("stop", "length", "tool-calls"),
  usage: fc.record({
    inputTokens: fc.nat(),
    outputTokens: fc.nat(),
    cachedInputTokens: fc.option(fc.nat()),
    reasoningTokens: fc.option(fc.nat()),
  }),
  model: fc.constant("m"),
  warnings: fc.constant([]),
  firstTokenMs: fc.constant(null),
});

const body = {
  model: "m",
  messages: [{ role: "user", content: "x" }],
  stream: true,
  stream_options: { include_usage: true },
};

/** What a reader of the format makes of an answer that was written in it: one that asks for tools has ended for them. */
const asRead = ({ text, toolCalls, finishReason, usage }: LlmAnswer) => ({
  text,
  toolCalls,
  finishReason: finishReason === "stop" && toolCalls.length > 0 ? "tool-calls" : finishReason,
  usage,
});

describe("OpenAI's chunks and bodies", () => {
  test("an answer that is written, whole or in any stream, is read as the same answer", () => {
    fc.assert(
      fc.property(answer, (given) => {
        const served = { provider: "p", modelAsked: null, modelServed: "m", usage: given.usage, costUsd: null };
        const ask = openaiChat.read(body);
        const { text, toolCalls, finishReason, usage } = passage.answer(
          openaiChat.write(given, { id: "1", at: 0, served }, ask),
        );
        expect({ text, toolCalls, finishReason, usage }).toEqual(asRead(given));

        const writer = openaiChat.stream(ask, { id: "1", at: 0 });
        const reading = passage.reading({ format: "openai-chat", body });
        const told = partsOf(given).flatMap((part) => (part.type === "wire" ? [] : writer.part(part, "m")));
        for (const event of [...told, ...writer.end(given, served)]) reading.event(event);
        expect(reading.end()).toMatchObject(asRead(given));
      }),
    );
  });

  test("a member more leaves the rest of a body as it was", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 2), (given, indent) => {
        const { switchyard, ...rest } = JSON.parse(spliced(JSON.stringify(given, null, indent), { provider: "p" }));
        const { switchyard: _, ...before } = JSON.parse(JSON.stringify(given));
        expect(switchyard).toEqual({ provider: "p" });
        expect(rest).toEqual(before);
      }),
    );
  });
});

test("a hint's header wins over the body, and the body over its metadata; none of them is left", () => {
  const place = fc.option(fc.string({ minLength: 1, unit: fc.constantFrom("a", "b") }), { nil: undefined });
  fc.assert(
    fc.property(place, place, place, fc.boolean(), (header, top, inMetadata, hasMore) => {
      const metadata = { ...(inMetadata ? { provider: inMetadata } : {}), ...(hasMore ? { mine: "1" } : {}) };
      const given = {
        model: "m",
        ...(top ? { provider: top } : {}),
        ...(inMetadata !== undefined || hasMore ? { metadata } : {}),
      };
      const { hints, body: left } = takeHints(given, header ? { "x-switchyard-provider": header } : {});
      expect(hints.provider).toBe(header ?? top ?? inMetadata);
      expect(left).toEqual(hasMore ? { model: "m", metadata: { mine: "1" } } : { model: "m" });
    }),
  );
});

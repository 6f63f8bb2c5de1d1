import fc from "fast-check";
import type { LlmAnswer } from "../../../src/providers/provider.ts";
import type { AnswerPart, WireEvent } from "../../../src/providers/wire.ts";
import type { WireAsk } from "../../../src/server/proxy/codec.ts";

/** A piece of an answer that no vendor's own format says. */
export type Piece = Exclude<AnswerPart, { readonly type: "wire" }>;

/** An answer, and the pieces in which it comes. */
export interface Streamed {
  readonly answer: LlmAnswer;
  readonly parts: readonly Piece[];
}

const piece = fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" });
const call = fc.record({
  name: fc.constantFrom("weather", "search", "constructor"),
  arguments: fc.dictionary(fc.string({ maxLength: 6 }), fc.jsonValue({ maxDepth: 1 }), { noNullPrototype: true }),
  note: fc.boolean(),
});

/** Answers in pieces: thought, text, then calls whose arguments may come side by side. */
export const streamed: fc.Arbitrary<Streamed> = fc
  .record({
    thoughts: fc.array(piece, { maxLength: 3 }),
    texts: fc.array(piece, { maxLength: 4 }),
    calls: fc.array(call, { maxLength: 3 }),
    isSealed: fc.boolean(),
    mixed: fc.infiniteStream(fc.nat(2)),
    finishReason: fc.constantFrom("stop", "length"),
  })
  .map(({ thoughts, texts, calls, isSealed, mixed, finishReason }) => {
    const vendor = { type: "gemini", data: { google: { thoughtSignature: "abc" } } };
    const toolCalls = calls.map(({ name, arguments: given, note }, i) => ({
      id: `call_${i}`,
      name,
      arguments: JSON.stringify(given),
      ...(note ? { vendor } : {}),
    }));
    const reasoning = thoughts.length === 0 ? [] : [{ text: thoughts.join(""), ...(isSealed ? { vendor } : {}) }];
    const answer: LlmAnswer = {
      text: texts.join(""),
      toolCalls,
      reasoning,
      finishReason: finishReason === "stop" && toolCalls.length > 0 ? "tool-calls" : finishReason,
      usage: { inputTokens: 12, outputTokens: 7, cachedInputTokens: 2, reasoningTokens: 1 },
      model: "some-model",
      warnings: [],
      firstTokenMs: 1,
    };
    const parts: Piece[] = [
      ...thoughts.map((text) => ({ type: "reasoning", text }) as const),
      ...texts.map((text) => ({ type: "text", text }) as const),
      ...sideBySide(toolCalls, mixed),
    ];
    return { answer, parts };
  });

/** Arguments in two pieces each; whose come next is drawn. */
function sideBySide(calls: LlmAnswer["toolCalls"], mixed: Iterable<number>): readonly Piece[] {
  const draws = mixed[Symbol.iterator]();
  const queues = calls.map(({ id, name, arguments: text }, index): Piece[] => {
    const half = Math.floor(text.length / 2);
    return [
      { type: "tool", index, id, name },
      { type: "arguments", index, text: text.slice(0, half) },
      { type: "arguments", index, text: text.slice(half) },
    ];
  });
  const parts: Piece[] = [];
  while (queues.some((queue) => queue.length > 0)) {
    const drawn = Number(draws.next().value) % queues.length;
    const begun = queues.findIndex((queue, i) => i <= drawn && queue.length === 3);
    const next =
      begun >= 0
        ? queues[begun]
        : (queues.slice(drawn).find((queue) => queue.length > 0) ?? queues.find((queue) => queue.length > 0));
    const part = next?.shift();
    if (part) parts.push(part);
  }
  return parts;
}

/** A request without anything in it. */
export function askOf(more: Partial<WireAsk["request"]> = {}): WireAsk {
  return { request: { messages: [{ role: "user", content: "Hi" }], ...more }, model: "", stream: false };
}

/** Who served, where that is not what the test is about. */
export const served = {
  provider: "gemini",
  modelAsked: null,
  modelServed: "some-model",
  usage: { inputTokens: 12, outputTokens: 7, cachedInputTokens: 2, reasoningTokens: 1 },
  costUsd: null,
};

/** Events as their clients read them from the network. */
export function asResponse(events: readonly WireEvent[]): Response {
  const text = events.map(({ event, data }) => `${event === null ? "" : `event: ${event}\n`}data: ${data}\n\n`);
  return new Response(text.join(""), { headers: { "content-type": "text/event-stream" } });
}

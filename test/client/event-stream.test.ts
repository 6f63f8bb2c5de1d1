import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EventStreamParser, type StreamMessage } from "../../src/client/event-stream.ts";

function parse(chunks: readonly string[]): StreamMessage[] {
  const parser = new EventStreamParser();
  return chunks.flatMap((chunk) => parser.push(chunk));
}

function cut(text: string, places: readonly number[]): string[] {
  const at = [0, ...places.map((place) => place % (text.length + 1)).sort((a, b) => a - b), text.length];
  return at.slice(1).map((end, i) => text.slice(at[i], end));
}

describe("EventStreamParser", () => {
  test("gives id, event and data of each message", () => {
    expect(parse(["id: 7\nevent: step.queued\ndata: {}\n\n"])).toEqual([{ id: "7", event: "step.queued", data: "{}" }]);
  });

  test("joins data lines and keeps the last id for messages without one", () => {
    expect(parse(["id:1\ndata: a\ndata:  b\n\ndata\n\n"])).toEqual([
      { id: "1", event: "message", data: "a\n b" },
      { id: "1", event: "message", data: "" },
    ]);
  });

  test("passes over comments, unknown fields, a byte order mark and messages without data", () => {
    expect(parse(["\uFEFF: keep-alive\n\nevent: x\n\nnope: 1\ndata: y\n\n"])).toEqual([
      { id: "", event: "message", data: "y" },
    ]);
  });

  test("gives no message that the end of the stream cut off", () => {
    expect(parse(["data: a\n\ndata: b\n"])).toEqual([{ id: "", event: "message", data: "a" }]);
  });

  test("reads the asked wait before a reconnection and ignores one that is no number", () => {
    const parser = new EventStreamParser();
    parser.push("retry: 250\nretry: soon\n");
    expect(parser.retryMs).toBe(250);
  });

  const line = fc.stringMatching(/^[^\r\n\0]*$/);
  const message = fc.record({
    id: line,
    event: line.filter((text) => text !== ""),
    data: fc.array(line, { minLength: 1 }),
  });
  const lineEnding = fc.constantFrom("\n", "\r\n", "\r");

  test("gives what was written, however the stream is cut and whichever line ending it has", () => {
    fc.assert(
      fc.property(fc.array(message), lineEnding, fc.array(fc.nat()), (messages, eol, places) => {
        const text = messages
          .map(({ id, event, data }) =>
            [`id: ${id}`, `event: ${event}`, ...data.map((part) => `data: ${part}`), ": comment", "", ""].join(eol),
          )
          .join("");
        // A text that ends in CR may go on with LF: its last line is complete only when more comes.
        const chunks = [...cut(text, places), ": end\n"];
        expect(parse(chunks)).toEqual(messages.map(({ id, event, data }) => ({ id, event, data: data.join("\n") })));
      }),
    );
  });

  test("gives the same messages for any text in any pieces", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("\r", "\n", ":", " ", "data", "id", "event", "retry", "x", "\uFEFF"), {
          maxLength: 60,
        }),
        fc.array(fc.nat()),
        (parts, places) => {
          const text = parts.join("");
          expect(parse([...cut(text, places)])).toEqual(parse([text]));
        },
      ),
    );
  });
});

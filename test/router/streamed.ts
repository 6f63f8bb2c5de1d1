import type { ServerResponse } from "node:http";
import type { Vendor } from "./router-under-test.ts";

/** An answer as the vendor streams it, piece by piece, in recorded shape; whole at once. */
export function streamed(vendor: Vendor, pieces: readonly string[]) {
  return (response: ServerResponse) => {
    const stream = openStream(vendor, response);
    for (const piece of pieces) stream.piece(piece);
    stream.end();
  };
}

/** Begins such an answer, for tests that say when its pieces come. */
export function openStream(vendor: Vendor, response: ServerResponse) {
  const events = vendor === "anthropic" ? messages : completions;
  response.writeHead(200, { "content-type": "text/event-stream" });
  const write = (all: readonly object[]) => {
    for (const event of all) response.write(line(event));
  };
  write(events.begin);
  return {
    piece: (text: string) => write(events.piece(text)),
    end() {
      write(events.end);
      response.end(vendor === "anthropic" ? "" : "data: [DONE]\n\n");
    },
  };
}

const line = (event: object): string => {
  const name = "type" in event ? `event: ${String(event.type)}\n` : "";
  return `${name}data: ${JSON.stringify(event)}\n\n`;
};

const chunk = (choices: readonly object[], more: object = {}) => ({
  id: "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
  object: "chat.completion.chunk",
  created: 1741569952,
  model: "gpt-4.1-mini",
  choices,
  ...more,
});

const completions = {
  begin: [chunk([{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }])],
  piece: (text: string) => [chunk([{ index: 0, delta: { content: text }, finish_reason: null }])],
  end: [
    chunk([{ index: 0, delta: {}, finish_reason: "stop" }]),
    chunk([], { usage: { prompt_tokens: 19, completion_tokens: 10, total_tokens: 29 } }),
  ],
};

const messages = {
  begin: [
    {
      type: "message_start",
      message: {
        id: "msg_013Zva2CMHLNnXjNJJKqJ2EF",
        type: "message",
        role: "assistant",
        model: "claude-sonnet-4-6",
        content: [],
        stop_reason: null,
        usage: { input_tokens: 15, cache_creation_input_tokens: 0, cache_read_input_tokens: 4, output_tokens: 1 },
      },
    },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  ],
  piece: (text: string) => [{ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } }],
  end: [
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 10 } },
    { type: "message_stop" },
  ],
};

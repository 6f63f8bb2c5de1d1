import { type Loose, sse, type VendorWire, type WireStream } from "./wire.ts";

const model = "claude-sonnet-4-6";
const usage = {
  input_tokens: 15,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 4,
  output_tokens: 10,
  service_tier: "standard",
};

const message = (content: readonly unknown[], stop: string) => ({
  id: "msg_013Zva2CMHLNnXjNJJKqJ2EF",
  type: "message",
  role: "assistant",
  model,
  content,
  stop_reason: stop,
  stop_sequence: null,
  usage,
});

const events = (start: unknown, deltas: readonly unknown[], stop: string): WireStream => {
  const head = { ...message([], ""), stop_reason: null, usage: { ...usage, output_tokens: 1 } };
  const essential = [
    { type: "message_start", message: head },
    { type: "content_block_start", index: 0, content_block: start },
    { type: "ping" },
    ...deltas.map((delta) => ({ type: "content_block_delta", index: 0, delta })),
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: stop, stop_sequence: null }, usage: { output_tokens: 10 } },
  ];
  return {
    contentType: "text/event-stream; charset=utf-8",
    chunks: sse([...essential, { type: "message_stop" }].map((event) => [event.type, event])),
    essential: essential.length,
  };
};

/** Anthropic's messages. */
export const anthropicWire: VendorWire = {
  name: "anthropic",
  provider: "anthropic",
  model,
  path: "/v1/messages",
  streamPath: "/v1/messages",
  checkPath: "/v1/models?limit=1",
  keys: ["key-1"],
  configure: (url, secret) => ({ env: { ANTHROPIC_API_KEY: secret, ANTHROPIC_ENDPOINT: url } }),
  keyHeader: { name: "x-api-key", value: (secret) => secret },
  answer: (text) => message([{ type: "text", text }], "end_turn"),
  jsonAnswer: (value) => message([{ type: "text", text: JSON.stringify(value) }], "end_turn"),
  toolAnswer: ({ id, name, arguments: input }) => message([{ type: "tool_use", id, name, input }], "tool_use"),
  thoughtAnswer: (thinking, text) =>
    message(
      [
        { type: "thinking", thinking, signature: "c2VhbGVk" },
        { type: "text", text },
      ],
      "end_turn",
    ),
  seal: "c2VhbGVk",
  refusal: () => message([], "refusal"),
  lengthOnly: () => message([], "max_tokens"),
  error: (type, text) => ({
    type: "error",
    error: { type, message: text },
    request_id: "req_011CSHoEeqs5C35K2UUqR7Fy",
  }),
  tooLong: {
    status: 400,
    body: {
      type: "error",
      error: { type: "invalid_request_error", message: "prompt is too long: 210000 tokens > 200000 maximum" },
    },
  },
  stream: (pieces, isCutOff = false) =>
    events(
      { type: "text", text: "" },
      pieces.map((text) => ({ type: "text_delta", text })),
      isCutOff ? "max_tokens" : "end_turn",
    ),
  toolStream({ id, name, arguments: args }) {
    const text = JSON.stringify(args);
    const pieces = ["", text.slice(0, 5), text.slice(5)];
    return events(
      { type: "tool_use", id, name, input: {} },
      pieces.map((partial_json) => ({ type: "input_json_delta", partial_json })),
      "tool_use",
    );
  },
  asksForSchema: (body) => JSON.stringify([body.output_config, body.tools]).includes("severity"),
  asked({ body }) {
    const blocks: Loose[] = (body as Loose).messages.flatMap(({ content }: Loose) => content);
    return {
      model: body.model,
      maxTokens: body.max_tokens,
      temperature: body.temperature,
      tools: ((body as Loose).tools ?? []).map((tool: Loose) => tool.name),
      results: blocks
        .filter(({ type }) => type === "tool_result")
        .map(({ tool_use_id, content }) => [tool_use_id, textOf(content)] as const),
      images: blocks.filter(({ type }) => type === "image").map(({ source }) => source.data),
    };
  },
};

function textOf(content: Loose): string {
  return typeof content === "string" ? content : content.map(({ text }: Loose) => text).join("");
}

// What the vendors' wires say, in recorded shape: a short answer whole, and one of 200 pieces streamed.
import { encodeEventStreamMessage } from "@copilotkit/aimock";

export const pieces = 200;
const text =
  "The payment service could not reach its database for four minutes; 340 customers were affected. It recovered by itself.";
const piece = (i) => `word${i % 10} `;

const sse = (events) =>
  events.map(([name, data]) =>
    Buffer.from(`${name ? `event: ${name}\n` : ""}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`),
  );
const repeated = (make) => Array.from({ length: pieces }, (_, i) => make(i));

const chatUsage = {
  prompt_tokens: 180,
  completion_tokens: 40,
  total_tokens: 220,
  prompt_tokens_details: { cached_tokens: 64, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
};
const chunk = (choices, more = {}) => [
  undefined,
  { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1741570283, model: "m", choices, ...more },
];
const chat = {
  whole: {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1741569952,
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content: text, refusal: null }, finish_reason: "stop" }],
    usage: chatUsage,
  },
  type: "text/event-stream",
  stream: sse([
    chunk([{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }]),
    ...repeated((i) => chunk([{ index: 0, delta: { content: piece(i) }, finish_reason: null }])),
    chunk([{ index: 0, delta: {}, finish_reason: "stop" }]),
    chunk([], { usage: chatUsage }),
    [undefined, "[DONE]"],
  ]),
};

const item = { id: "msg_1", type: "message", role: "assistant" };
const part = (said) => ({ type: "output_text", text: said, annotations: [] });
const response = (output, status) => ({
  id: "resp_1",
  object: "response",
  created_at: 1741476542,
  status,
  model: "m",
  output,
  usage: {
    input_tokens: 180,
    input_tokens_details: { cached_tokens: 64 },
    output_tokens: 40,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 220,
  },
});
const answered = { ...item, status: "completed", content: [part(text)] };
const responses = {
  whole: response([answered], "completed"),
  type: "text/event-stream",
  stream: sse(
    [
      { type: "response.created", response: response([], "in_progress") },
      { type: "response.output_item.added", output_index: 0, item: { ...item, status: "in_progress", content: [] } },
      { type: "response.content_part.added", item_id: "msg_1", output_index: 0, content_index: 0, part: part("") },
      ...repeated((i) => ({
        type: "response.output_text.delta",
        item_id: "msg_1",
        output_index: 0,
        content_index: 0,
        delta: piece(i),
      })),
      { type: "response.output_text.done", item_id: "msg_1", output_index: 0, content_index: 0, text },
      { type: "response.output_item.done", output_index: 0, item: answered },
      { type: "response.completed", response: response([answered], "completed") },
    ].map((event, i) => [event.type, { ...event, sequence_number: i }]),
  ),
};

const claude = (content, stop_reason, output_tokens) => ({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content,
  stop_reason,
  stop_sequence: null,
  usage: { input_tokens: 116, cache_creation_input_tokens: 0, cache_read_input_tokens: 64, output_tokens },
});
const messages = {
  whole: claude([{ type: "text", text }], "end_turn", 40),
  type: "text/event-stream",
  stream: sse(
    [
      { type: "message_start", message: claude([], null, 1) },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      ...repeated((i) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: piece(i) } })),
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 40 } },
      { type: "message_stop" },
    ].map((event) => [event.type, event]),
  ),
};

const candidate = (said, finishReason) => ({
  candidates: [
    { content: { parts: [{ text: said }], role: "model" }, ...(finishReason ? { finishReason } : {}), index: 0 },
  ],
  usageMetadata: { promptTokenCount: 180, cachedContentTokenCount: 64, candidatesTokenCount: 40, totalTokenCount: 220 },
  modelVersion: "m",
  responseId: "r1",
});
const gemini = {
  whole: candidate(text, "STOP"),
  type: "text/event-stream",
  stream: sse(repeated((i) => [undefined, candidate(piece(i), i === pieces - 1 ? "STOP" : undefined)])),
};

const awsUsage = { inputTokens: 116, outputTokens: 40, totalTokens: 220, cacheReadInputTokens: 64 };
const converse = {
  whole: {
    metrics: { latencyMs: 551 },
    output: { message: { content: [{ text }], role: "assistant" } },
    stopReason: "end_turn",
    usage: awsUsage,
  },
  type: "application/vnd.amazon.eventstream",
  stream: [
    ["messageStart", { role: "assistant" }],
    ...repeated((i) => ["contentBlockDelta", { contentBlockIndex: 0, delta: { text: piece(i) } }]),
    ["contentBlockStop", { contentBlockIndex: 0 }],
    ["messageStop", { stopReason: "end_turn" }],
    ["metadata", { metrics: { latencyMs: 551 }, usage: awsUsage }],
  ].map(([type, payload]) => encodeEventStreamMessage(type, payload)),
};

/** The wire of a path. */
export function wireOf(path) {
  if (path.includes("/responses")) return responses;
  if (path.includes("/messages")) return messages;
  if (path.includes(":generateContent") || path.includes(":streamGenerateContent")) return gemini;
  if (path.includes("/converse")) return converse;
  return chat;
}

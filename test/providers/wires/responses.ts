import { bearer, openaiError, openaiTooLong } from "./chat-completions.ts";
import { type Loose, sse, type VendorWire, type WireStream, type WireToolCall } from "./wire.ts";

const model = "gpt-4.1-mini";
const id = "resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b";
const usage = {
  input_tokens: 19,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 10,
  output_tokens_details: { reasoning_tokens: 3 },
  total_tokens: 29,
};

interface End {
  readonly status: "completed" | "incomplete" | "in_progress";
  readonly reason?: "max_output_tokens" | "content_filter";
}

const response = (output: readonly unknown[], { status, reason }: End = { status: "completed" }) => ({
  id,
  object: "response",
  created_at: 1741476542,
  status,
  background: false,
  error: null,
  incomplete_details: reason === undefined ? null : { reason },
  instructions: null,
  max_output_tokens: null,
  model,
  output,
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: "medium", summary: null },
  service_tier: "default",
  store: false,
  temperature: 1,
  text: { format: { type: "text" } },
  tool_choice: "auto",
  tools: [],
  top_p: 1,
  truncation: "disabled",
  usage: status === "in_progress" ? null : usage,
  user: null,
  metadata: {},
});

const message = (text: string) => ({
  id: "msg_67ccd2bf17f0819081ff3bb2cf6508e60bb6a6b452d3795b",
  type: "message",
  status: "completed",
  role: "assistant",
  content: [{ type: "output_text", text, annotations: [], logprobs: [] }],
});

const refused = () => ({ ...message(""), content: [{ type: "refusal", refusal: "I can't help with that." }] });

const functionCall = ({ id: callId, name, arguments: args }: WireToolCall) => ({
  id: "fc_67ccd2c1a9b881909c3a9f2ab0ddb7a30bb6a6b452d3795b",
  type: "function_call",
  status: "completed",
  call_id: callId,
  name,
  arguments: JSON.stringify(args),
});

const thought = (text: string) => ({
  id: "rs_67ccd2bf0a2c8190a1b3c9f2ab0ddb7a30bb6a6b452d3795b",
  type: "reasoning",
  summary: text === "" ? [] : [{ type: "summary_text", text }],
  encrypted_content: "c2VhbGVk",
});

/** The events of one item's life, from its start over its pieces to its end. */
const events = (item: { readonly id: string }, begun: unknown, between: readonly Loose[], end: End): WireStream => {
  const at = { item_id: item.id, output_index: 0 };
  const all = [
    { type: "response.created", response: response([], { status: "in_progress" }) },
    { type: "response.in_progress", response: response([], { status: "in_progress" }) },
    { type: "response.output_item.added", output_index: 0, item: begun },
    ...between.map((event) => ({ ...at, ...event })),
    { type: "response.output_item.done", output_index: 0, item },
    {
      type: end.status === "completed" ? "response.completed" : "response.incomplete",
      response: response([item], end),
    },
  ].map((event, i) => ({ ...event, sequence_number: i }));
  return {
    contentType: "text/event-stream; charset=utf-8",
    chunks: sse(all.map((event) => [event.type, event])),
    essential: all.length,
  };
};

/** OpenAI's responses. */
export const responsesWire: VendorWire = {
  name: "openai responses",
  provider: "openai",
  model,
  path: "/v1/responses",
  streamPath: "/v1/responses",
  checkPath: "/v1/models",
  keys: ["key-1"],
  configure: (url, secret) => ({
    env: { OPENAI_API_KEY: secret, OPENAI_ENDPOINT: url, OPENAI_MODEL: model, OPENAI_API: "responses" },
  }),
  keyHeader: bearer,
  answer: (text) => response([{ ...thought(""), encrypted_content: "" }, message(text)]),
  jsonAnswer: (value) => response([message(JSON.stringify(value))]),
  toolAnswer: (call) => response([thought(""), functionCall(call)]),
  thoughtAnswer: (text, said) => response([thought(text), message(said)]),
  seal: "c2VhbGVk",
  refusal: () => response([refused()]),
  lengthOnly: () => response([thought("")], { status: "incomplete", reason: "max_output_tokens" }),
  error: openaiError,
  tooLong: openaiTooLong,
  stream(pieces, isCutOff = false) {
    const item = message(pieces.join(""));
    const part = item.content[0];
    const texts = pieces.map((delta) => ({
      type: "response.output_text.delta",
      content_index: 0,
      delta,
      logprobs: [],
    }));
    return events(
      item,
      { ...item, status: "in_progress", content: [] },
      [
        { type: "response.content_part.added", content_index: 0, part: { ...part, text: "" } },
        ...texts,
        { type: "response.output_text.done", content_index: 0, text: part?.text },
        { type: "response.content_part.done", content_index: 0, part },
      ],
      isCutOff ? { status: "incomplete", reason: "max_output_tokens" } : { status: "completed" },
    );
  },
  toolStream(call) {
    const item = functionCall(call);
    const text = item.arguments;
    const pieces = [text.slice(0, 5), text.slice(5)];
    return events(
      item,
      { ...item, status: "in_progress", arguments: "" },
      [
        ...pieces.map((delta) => ({ type: "response.function_call_arguments.delta", delta })),
        { type: "response.function_call_arguments.done", arguments: text },
      ],
      { status: "completed" },
    );
  },
  asksForSchema: (body) => JSON.stringify(body.text ?? {}).includes("severity"),
  asked({ body }) {
    const { model: asked, max_output_tokens, temperature, tools = [], input } = body as Loose;
    const items: Loose[] = input;
    return {
      model: asked,
      maxTokens: max_output_tokens,
      temperature,
      tools: tools.map((tool: Loose) => tool.name),
      results: items
        .filter(({ type }) => type === "function_call_output")
        .map(({ call_id, output }) => [call_id, output] as const),
      images: items
        .flatMap(({ content }) => (Array.isArray(content) ? content : []))
        .filter(({ type }) => type === "input_image")
        .map(({ image_url }) => image_url.split(",")[1]),
    };
  },
};

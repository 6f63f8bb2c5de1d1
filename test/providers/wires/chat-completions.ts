import { type Loose, sse, type VendorWire, type WireStream, type WireToolCall } from "./wire.ts";

const usage = {
  prompt_tokens: 19,
  completion_tokens: 10,
  total_tokens: 29,
  prompt_tokens_details: { cached_tokens: 4, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 3,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
};

const completion = (model: string, message: Readonly<Record<string, unknown>>, finish: string) => ({
  id: "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
  object: "chat.completion",
  created: 1741569952,
  model,
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: null, refusal: null, annotations: [], ...message },
      logprobs: null,
      finish_reason: finish,
    },
  ],
  usage,
  service_tier: "default",
});

const toolCall = ({ id, name, arguments: args }: WireToolCall) => ({
  id,
  type: "function",
  function: { name, arguments: JSON.stringify(args) },
});

const chunks = (model: string, deltas: readonly Readonly<Record<string, unknown>>[], finish: string): WireStream => {
  const chunk = (choices: unknown, more: Readonly<Record<string, unknown>> = {}) => ({
    id: "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
    object: "chat.completion.chunk",
    created: 1741570283,
    model,
    system_fingerprint: "fp_50cad350e4",
    choices,
    ...more,
  });
  const choice = (delta: unknown, finish_reason: string | null = null) => [
    { index: 0, delta, logprobs: null, finish_reason },
  ];
  const parts = [
    chunk(choice({ role: "assistant", content: "", refusal: null })),
    ...deltas.map((delta) => chunk(choice(delta))),
    chunk(choice({}, finish)),
  ];
  return {
    contentType: "text/event-stream",
    chunks: sse([...parts, chunk([], { usage }), "[DONE]"].map((data) => [undefined, data])),
    essential: parts.length,
  };
};

/** OpenAI's error. */
export const openaiError = (type: string, message: string) => ({ error: { message, type, param: null, code: null } });

/** What OpenAI says to a request that is too long for the model. */
export const openaiTooLong = {
  status: 400,
  body: {
    error: {
      message: "This model's maximum context length is 8192 tokens. However, your messages resulted in 10000 tokens.",
      type: "invalid_request_error",
      param: "messages",
      code: "context_length_exceeded",
    },
  },
};

/** OpenAI's chat completions, as a provider of ours speaks them. */
export function chatCompletions(
  own: Pick<VendorWire, "provider" | "model" | "path" | "configure" | "keyHeader"> & Partial<VendorWire>,
): VendorWire {
  const { model } = own;
  return {
    streamPath: own.path,
    name: own.provider,
    keys: ["key-1"],
    checkPath: "/v1/models",
    answer: (content) => completion(model, { content }, "stop"),
    jsonAnswer: (value) => completion(model, { content: JSON.stringify(value) }, "stop"),
    toolAnswer: (call) => completion(model, { tool_calls: [toolCall(call)] }, "tool_calls"),
    refusal: () => completion(model, { content: "" }, "content_filter"),
    lengthOnly: () => completion(model, { content: "" }, "length"),
    error: openaiError,
    tooLong: openaiTooLong,
    stream: (pieces, isCutOff = false) =>
      chunks(
        model,
        pieces.map((content) => ({ content })),
        isCutOff ? "length" : "stop",
      ),
    toolStream(call) {
      const { id, function: called } = toolCall(call);
      const [head, tail] = [called.arguments.slice(0, 5), called.arguments.slice(5)];
      const start = { index: 0, id, type: "function", function: { name: call.name, arguments: "" } };
      const piece = (text: string) => ({ tool_calls: [{ index: 0, function: { arguments: text } }] });
      return chunks(model, [{ tool_calls: [start] }, piece(head), piece(tail)], "tool_calls");
    },
    asksForSchema: (body) => JSON.stringify(body.response_format ?? {}).includes("severity"),
    asked({ body }) {
      const messages: Loose[] = (body as Loose).messages;
      return {
        model: body.model,
        maxTokens: body.max_completion_tokens ?? body.max_tokens,
        temperature: body.temperature,
        tools: ((body as Loose).tools ?? []).map((tool: Loose) => tool.function.name),
        results: messages
          .filter(({ role }) => role === "tool")
          .map(({ tool_call_id, content }) => [tool_call_id, content] as const),
        images: messages
          .flatMap(({ content }) => (Array.isArray(content) ? content : []))
          .filter(({ type }) => type === "image_url")
          .map(({ image_url }) => image_url.url.split(",")[1]),
      };
    },
    ...own,
  };
}

/** Where OpenAI and its kin look for the key. */
export const bearer = { name: "authorization", value: (secret: string) => `Bearer ${secret}` };

/** OpenAI and its kin. */
export const chatWires: readonly VendorWire[] = [
  chatCompletions({
    provider: "openai",
    model: "gpt-4.1-mini",
    path: "/v1/chat/completions",
    keyHeader: bearer,
    configure: (url, secret) => ({
      env: { OPENAI_API_KEY: secret, OPENAI_ENDPOINT: url, OPENAI_MODEL: "gpt-4.1-mini" },
    }),
  }),
  chatCompletions({
    provider: "ollama",
    model: "llama3.2",
    path: "/v1/chat/completions",
    checkPath: "/api/tags",
    thoughtAnswer: (reasoning, content) => completion("llama3.2", { reasoning, content }, "stop"),
    keyHeader: bearer,
    configure: (url, secret) => ({
      env: { OLLAMA_ENDPOINT: url, OLLAMA_MODEL: "llama3.2", OLLAMA_API_KEY: secret },
    }),
  }),
  chatCompletions({
    provider: "my-vllm",
    model: "Qwen/Qwen3-8B",
    path: "/v1/chat/completions",
    thoughtAnswer: (reasoning_content, content) => completion("Qwen/Qwen3-8B", { reasoning_content, content }, "stop"),
    keyHeader: bearer,
    configure: (url, secret) => ({
      env: {},
      entry: { type: "custom", endpoint: url, api_key: secret, model: "Qwen/Qwen3-8B" },
    }),
  }),
];

/** Azure OpenAI: the deployment's name on the way in, the model's in the answer. */
export const azureWire: VendorWire = chatCompletions({
  provider: "azure-openai",
  model: "gpt-4.1-mini",
  path: "/openai/v1/chat/completions",
  checkPath: "/openai/v1/models",
  keyHeader: { name: "api-key", value: (secret) => secret },
  configure: (url, secret) => ({
    env: {
      AZURE_OPENAI_ENDPOINT: url,
      AZURE_OPENAI_API_KEY: secret,
      AZURE_OPENAI_DEPLOYMENT_NAME: "gpt-4.1-mini",
    },
  }),
});

/** How one vendor's answers look on the wire, in recorded shape. */
export interface VendorWire {
  readonly provider: string;
  readonly model: string;
  readonly path: string;
  /** Environment and file that configure it at an address with a secret. */
  configure(url: string, secret: string): { readonly env: Record<string, string>; readonly yaml: string };
  /** Where the key is on the wire. */
  readonly keyHeader: { readonly name: string; value(secret: string): string };
  answer(text: string): unknown;
  /** The answer whose text is JSON, given a schema. */
  jsonAnswer(value: unknown): unknown;
  refusal(): unknown;
  lengthOnly(): unknown;
  error(type: string, message: string): unknown;
  readonly tooLong: { readonly status: number; readonly body: unknown };
  /** Whether the request body asks for the schema. */
  asksForSchema(body: Record<string, unknown>): boolean;
}

const completion = (model: string, content: string | null, finish: string) => ({
  id: "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
  object: "chat.completion",
  created: 1741569952,
  model,
  choices: [
    {
      index: 0,
      message: { role: "assistant", content, refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: finish,
    },
  ],
  usage: {
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
  },
  service_tier: "default",
});

const chatCompletions = (provider: string, model: string, configure: VendorWire["configure"]): VendorWire => ({
  provider,
  model,
  path: "/v1/chat/completions",
  configure,
  keyHeader: { name: "authorization", value: (secret) => `Bearer ${secret}` },
  answer: (text) => completion(model, text, "stop"),
  jsonAnswer: (value) => completion(model, JSON.stringify(value), "stop"),
  refusal: () => completion(model, "", "content_filter"),
  lengthOnly: () => completion(model, "", "length"),
  error: (type, message) => ({ error: { message, type, param: null, code: null } }),
  tooLong: {
    status: 400,
    body: {
      error: {
        message: "This model's maximum context length is 8192 tokens. However, your messages resulted in 10000 tokens.",
        type: "invalid_request_error",
        param: "messages",
        code: "context_length_exceeded",
      },
    },
  },
  asksForSchema: (body) => JSON.stringify(body.response_format ?? {}).includes("severity"),
});

const message = (content: unknown[], stop: string) => ({
  id: "msg_013Zva2CMHLNnXjNJJKqJ2EF",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-4-6",
  content,
  stop_reason: stop,
  stop_sequence: null,
  usage: {
    input_tokens: 15,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 4,
    output_tokens: 10,
    service_tier: "standard",
  },
});

/** The vendors that every provider test runs with. */
export const vendorWires: readonly VendorWire[] = [
  chatCompletions("openai", "gpt-4.1-mini", (url, secret) => ({
    env: { OPENAI_API_KEY: secret, OPENAI_ENDPOINT: url, OPENAI_MODEL: "gpt-4.1-mini" },
    yaml: "",
  })),
  chatCompletions("ollama", "llama3.2", (url, secret) => ({
    env: { OLLAMA_ENDPOINT: url, OLLAMA_MODEL: "llama3.2", OLLAMA_API_KEY: secret },
    yaml: "",
  })),
  chatCompletions("my-vllm", "Qwen/Qwen3-8B", (url, secret) => ({
    env: {},
    yaml: `providers:\n  my-vllm: { type: custom, endpoint: "${url}", api_key: ${secret}, model: Qwen/Qwen3-8B }\n`,
  })),
  {
    provider: "anthropic",
    model: "claude-sonnet-4-6",
    path: "/v1/messages",
    configure: (url, secret) => ({ env: { ANTHROPIC_API_KEY: secret, ANTHROPIC_ENDPOINT: url }, yaml: "" }),
    keyHeader: { name: "x-api-key", value: (secret) => secret },
    answer: (text) => message([{ type: "text", text }], "end_turn"),
    jsonAnswer: (value) => message([{ type: "text", text: JSON.stringify(value) }], "end_turn"),
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
    asksForSchema: (body) => JSON.stringify([body.output_config, body.tools]).includes("severity"),
  },
];
